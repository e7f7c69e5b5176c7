create or replace function moderation.repair_counters(p_item_ids uuid[])
returns integer
language plpgsql
volatile
-- Counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  wrong record;
  repaired integer := 0;
begin
  -- Locked first, counted in a later statement: a report that comes meanwhile waits at its item.
  perform from moderation.queue_items as item where item.id = any (p_item_ids) order by item.id for no key update;
  for wrong in
    select item.id, item.report_count, counted.amount
    from moderation.queue_items as item
    cross join lateral (
      select count(*)::integer as amount
      from moderation.reports as report
      where report.queue_item_id = item.id
        and report.status in ('pending', 'investigating')
    ) as counted
    where item.id = any (p_item_ids)
      and item.report_count <> counted.amount
    order by item.id
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'moderation.queue_items.report_count', jsonb_build_object('id', wrong.id), wrong.report_count, wrong.amount
    );
    update moderation.queue_items as item set report_count = wrong.amount where item.id = wrong.id;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function moderation.repair_counters(uuid[]) is
  'For the worker: recounts the open reports of these pieces of work, corrects what is wrong, writes each difference to ops.counter_repairs and returns how many it corrected. Reports about them wait meanwhile: call it with some at a time.';

revoke all on function moderation.repair_counters(uuid[]) from public;
grant execute on function moderation.repair_counters(uuid[]) to stoa_worker;
