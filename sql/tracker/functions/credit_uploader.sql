create or replace function tracker.credit_uploader()
returns trigger
language plpgsql
-- Fires for whoever writes; totals are nobody's to write.
security definer
set search_path = ''
as $$
declare
  people uuid[];
  changes bigint[];
begin
  if tg_op = 'INSERT' then
    select array_agg(credit.user_id order by credit.user_id), array_agg(credit.times order by credit.user_id)
    into people, changes
    from (
      select added.uploader_id as user_id, count(*) as times
      from added
      where added.uploader_id is not null and added.moderation_status = 'approved' and added.deleted_at is null
      group by added.uploader_id
    ) as credit;
  elsif tg_op = 'DELETE' then
    select array_agg(credit.user_id order by credit.user_id), array_agg(-credit.times order by credit.user_id)
    into people, changes
    from (
      select removed.uploader_id as user_id, count(*) as times
      from removed
      where removed.uploader_id is not null and removed.moderation_status = 'approved' and removed.deleted_at is null
      group by removed.uploader_id
    ) as credit;
  else
    select array_agg(credit.user_id order by credit.user_id), array_agg(credit.times order by credit.user_id)
    into people, changes
    from (
      select counted.user_id, sum(counted.times)::bigint as times
      from (
        select added.uploader_id as user_id, 1 as times from added where added.moderation_status = 'approved' and added.deleted_at is null
        union all
        select removed.uploader_id, -1 from removed where removed.moderation_status = 'approved' and removed.deleted_at is null
      ) as counted
      where counted.user_id is not null
      group by counted.user_id
      having sum(counted.times) <> 0
    ) as credit;
  end if;
  if people is not null then
    perform tracker.add_to_totals('torrents_uploaded', people, changes);
  end if;
  return null;
end
$$;

comment on function tracker.credit_uploader() is
  'Trigger of tracker.torrents: keeps tracker.user_statistics.torrents_uploaded, the approved uploads of a person that are not deleted.';

revoke all on function tracker.credit_uploader() from public;
