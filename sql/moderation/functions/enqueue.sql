create or replace function moderation.enqueue(
  p_queue_type text,
  p_item_type text,
  p_item_id uuid,
  p_item_parent_id uuid default null,
  p_submitted_by uuid default null,
  p_subject_user_id uuid default null,
  p_priority integer default 0,
  p_metadata jsonb default '{}'
)
returns moderation.queue_items
language plpgsql
volatile
-- Jobs and procedures of other modules add work; nobody has the right to insert.
security definer
set search_path = ''
as $$
declare
  entry moderation.queue_items;
begin
  insert into moderation.queue_items as item (
    queue_type, item_type, item_id, item_parent_id, submitted_by, subject_user_id, priority, metadata
  )
  values (
    p_queue_type, p_item_type, p_item_id, p_item_parent_id, p_submitted_by, p_subject_user_id, p_priority, p_metadata
  )
  on conflict (queue_type, item_type, item_id) where status <> 'resolved' do update
  set priority = greatest(item.priority, excluded.priority),
      metadata = item.metadata || excluded.metadata
  returning * into entry;
  return entry;
end
$$;

comment on function moderation.enqueue(text, text, uuid, uuid, uuid, uuid, integer, jsonb) is
  E'@internal\nAdds work to a queue (approval, investigation or appeal), or joins the open item about the same thing, which keeps the higher priority, and locks it. For procedures and jobs of every module. Somebody who decides the item meanwhile is waited for, and a new item begins.';

revoke all on function moderation.enqueue(text, text, uuid, uuid, uuid, uuid, integer, jsonb) from public;
grant execute on function moderation.enqueue(text, text, uuid, uuid, uuid, uuid, integer, jsonb) to stoa_worker;
