create or replace function tracker.count_tag_usage()
returns trigger
language plpgsql
-- Fires for whoever tags; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from tracker.tags as tag
  where tag.id in (select changed.tag_id from changed)
  order by tag.id
  for no key update;

  update tracker.tags as tag
  set usage_count = tag.usage_count + step * counted.amount
  from (select changed.tag_id, count(*)::integer as amount from changed group by changed.tag_id) as counted
  where tag.id = counted.tag_id;
  return null;
end
$$;

comment on function tracker.count_tag_usage() is
  'Trigger. Keeps usage_count of tags: one update a tag and statement, in the order of their keys.';

revoke all on function tracker.count_tag_usage() from public;
