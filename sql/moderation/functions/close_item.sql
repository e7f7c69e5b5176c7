create or replace function moderation.close_item(
  p_queue_type text,
  p_item_type text,
  p_item_id uuid,
  p_resolution text,
  p_note text default null
)
returns uuid
language plpgsql
volatile
-- The procedures that decide (tracker approvals, appeals) close what they decided; nobody has the right to update.
security definer
set search_path = ''
as $$
declare
  closed_id uuid;
begin
  if p_queue_type = 'investigation' then
    raise exception 'investigations are closed with their reports' using errcode = 'XX000';
  end if;

  update moderation.queue_items as item
  set status = 'resolved',
      resolution = p_resolution,
      resolved_by = core.current_user_id(),
      resolved_at = clock_timestamp(),
      notes = coalesce(p_note, item.notes)
  where item.queue_type = p_queue_type
    and item.item_type = p_item_type
    and item.item_id = p_item_id
    and item.status <> 'resolved'
  returning item.id into closed_id;
  return closed_id;
end
$$;

comment on function moderation.close_item(text, text, uuid, text, text) is
  E'@internal\nCloses the open approval or appeal about a thing, in the transaction that decides it, so that no backlog stays behind. Returns the item, or null when none was open.';

revoke all on function moderation.close_item(text, text, uuid, text, text) from public;
grant execute on function moderation.close_item(text, text, uuid, text, text) to stoa_worker;
