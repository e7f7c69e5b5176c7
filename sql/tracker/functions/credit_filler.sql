create or replace function tracker.credit_filler()
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
      select added.filled_by as user_id, count(*) as times
      from added
      where added.filled_by is not null and added.status = 'filled'
      group by added.filled_by
    ) as credit;
  elsif tg_op = 'DELETE' then
    select array_agg(credit.user_id order by credit.user_id), array_agg(-credit.times order by credit.user_id)
    into people, changes
    from (
      select removed.filled_by as user_id, count(*) as times
      from removed
      where removed.filled_by is not null and removed.status = 'filled'
      group by removed.filled_by
    ) as credit;
  else
    select array_agg(credit.user_id order by credit.user_id), array_agg(credit.times order by credit.user_id)
    into people, changes
    from (
      select counted.user_id, sum(counted.times)::bigint as times
      from (
        select added.filled_by as user_id, 1 as times from added where added.status = 'filled'
        union all
        select removed.filled_by, -1 from removed where removed.status = 'filled'
      ) as counted
      where counted.user_id is not null
      group by counted.user_id
      having sum(counted.times) <> 0
    ) as credit;
  end if;
  if people is not null then
    perform tracker.add_to_totals('requests_filled', people, changes);
  end if;
  return null;
end
$$;

comment on function tracker.credit_filler() is
  'Trigger of tracker.requests: keeps tracker.user_statistics.requests_filled, the confirmed fills of a person.';

revoke all on function tracker.credit_filler() from public;
