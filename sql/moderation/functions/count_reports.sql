create or replace function moderation.count_reports()
returns trigger
language plpgsql
-- Fires for whoever writes a report; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  item_ids uuid[];
  steps integer[];
begin
  if tg_op = 'INSERT' then
    select array_agg(counted.item_id order by counted.item_id), array_agg(counted.step order by counted.item_id)
    into item_ids, steps
    from (
      select added.queue_item_id as item_id, count(*)::integer as step
      from added
      where added.queue_item_id is not null and added.status in ('pending', 'investigating')
      group by added.queue_item_id
    ) as counted;
  elsif tg_op = 'DELETE' then
    select array_agg(counted.item_id order by counted.item_id), array_agg(counted.step order by counted.item_id)
    into item_ids, steps
    from (
      select removed.queue_item_id as item_id, -count(*)::integer as step
      from removed
      where removed.queue_item_id is not null and removed.status in ('pending', 'investigating')
      group by removed.queue_item_id
    ) as counted;
  else
    select array_agg(counted.item_id order by counted.item_id), array_agg(counted.step order by counted.item_id)
    into item_ids, steps
    from (
      select changed.item_id, sum(changed.step)::integer as step
      from (
        select added.queue_item_id as item_id, 1 as step
        from added
        where added.queue_item_id is not null and added.status in ('pending', 'investigating')
        union all
        select removed.queue_item_id, -1
        from removed
        where removed.queue_item_id is not null and removed.status in ('pending', 'investigating')
      ) as changed
      group by changed.item_id
    ) as counted
    where counted.step <> 0;
  end if;
  if item_ids is null then
    return null;
  end if;

  if cardinality(item_ids) > 1 then
    perform from moderation.queue_items as item where item.id = any (item_ids) order by item.id for no key update;
  end if;
  update moderation.queue_items as item
  set report_count = item.report_count + counted.step
  from unnest(item_ids, steps) as counted (item_id, step)
  where item.id = counted.item_id;
  return null;
end
$$;

comment on function moderation.count_reports() is
  'Trigger. Keeps report_count of queue items, the number of open reports attached: one update an item and statement, items locked in the order of their keys.';

revoke all on function moderation.count_reports() from public;
