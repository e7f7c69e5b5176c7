create or replace function moderation.start_work(p_item_id uuid, p_moderator_id uuid)
returns moderation.queue_items
language plpgsql
volatile
set search_path = ''
as $$
declare
  item moderation.queue_items;
begin
  update moderation.queue_items as target
  set status = 'in_progress',
      assigned_to = p_moderator_id,
      assigned_at = clock_timestamp()
  where target.id = p_item_id
  returning * into item;
  update moderation.reports as report
  set status = 'investigating',
      assigned_to = p_moderator_id
  where report.queue_item_id = p_item_id
    and report.status in ('pending', 'investigating');
  return item;
end
$$;

comment on function moderation.start_work(uuid, uuid) is
  'Internal. Gives a locked piece of work, with its open reports, to somebody.';

revoke all on function moderation.start_work(uuid, uuid) from public;
