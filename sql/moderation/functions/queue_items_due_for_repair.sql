create or replace function moderation.queue_items_due_for_repair(p_since timestamptz, p_sample integer default 100)
returns setof uuid
language plpgsql
stable
rows 100
-- The functions of the worker ask nobody for rights.
security definer
set search_path = ''
as $$
begin
  return query
    select item.id
    from moderation.queue_items as item
    where item.status <> 'resolved' or item.updated_at >= p_since
    union
    (select item.id from moderation.queue_items as item order by random() limit p_sample);
end
$$;

comment on function moderation.queue_items_due_for_repair(timestamptz, integer) is
  'For the worker: the pieces of work whose reports the nightly check recounts, namely those that are open, those that changed since p_since, and a random sample of the rest. Scans the queue once.';

revoke all on function moderation.queue_items_due_for_repair(timestamptz, integer) from public;
grant execute on function moderation.queue_items_due_for_repair(timestamptz, integer) to stoa_worker;
