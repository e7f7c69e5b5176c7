create or replace function tracker.count_collection_items()
returns trigger
language plpgsql
-- Fires for whoever fills a collection; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from tracker.collections as collection
  where collection.id in (select changed.collection_id from changed)
  order by collection.id
  for no key update;

  update tracker.collections as collection
  set item_count = collection.item_count + step * counted.amount
  from (select changed.collection_id, count(*)::integer as amount from changed group by changed.collection_id) as counted
  where collection.id = counted.collection_id;
  return null;
end
$$;

comment on function tracker.count_collection_items() is
  'Trigger. Keeps item_count of collections: one update a collection and statement, in the order of their keys.';

revoke all on function tracker.count_collection_items() from public;
