create or replace function moderation.put_back(p_item_id uuid)
returns moderation.queue_items
language plpgsql
volatile
set search_path = ''
as $$
declare
  item moderation.queue_items;
begin
  update moderation.queue_items as target
  set status = 'pending',
      assigned_to = null,
      assigned_at = null
  where target.id = p_item_id
  returning * into item;
  update moderation.reports as report
  set status = 'pending',
      assigned_to = null
  where report.queue_item_id = p_item_id
    and report.status = 'investigating';
  return item;
end
$$;

comment on function moderation.put_back(uuid) is
  'Internal. Lets a locked piece of work, with its open reports, wait again.';

revoke all on function moderation.put_back(uuid) from public;
