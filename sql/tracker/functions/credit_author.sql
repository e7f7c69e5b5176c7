create or replace function tracker.credit_author()
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
      select added.author_id as user_id, count(*) as times
      from added
      where added.author_id is not null and added.deleted_at is null
      group by added.author_id
    ) as credit;
  elsif tg_op = 'DELETE' then
    select array_agg(credit.user_id order by credit.user_id), array_agg(-credit.times order by credit.user_id)
    into people, changes
    from (
      select removed.author_id as user_id, count(*) as times
      from removed
      where removed.author_id is not null and removed.deleted_at is null
      group by removed.author_id
    ) as credit;
  else
    select array_agg(credit.user_id order by credit.user_id), array_agg(credit.times order by credit.user_id)
    into people, changes
    from (
      select counted.user_id, sum(counted.times)::bigint as times
      from (
        select added.author_id as user_id, 1 as times from added where added.deleted_at is null
        union all
        select removed.author_id, -1 from removed where removed.deleted_at is null
      ) as counted
      where counted.user_id is not null
      group by counted.user_id
      having sum(counted.times) <> 0
    ) as credit;
  end if;
  if people is not null then
    perform tracker.add_to_totals('comment_count', people, changes);
  end if;
  return null;
end
$$;

comment on function tracker.credit_author() is
  'Trigger of tracker.comments: keeps tracker.user_statistics.comment_count, the live comments of a person.';

revoke all on function tracker.credit_author() from public;
