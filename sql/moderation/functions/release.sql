create or replace function moderation.release(p_item_id uuid)
returns moderation.queue_items
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  item moderation.queue_items;
begin
  item := moderation.locked_item(p_item_id);
  if item.assigned_to is null or item.assigned_to <> me and core.current_role_rank() < 3 then
    perform core.fail('queue.not_yours');
  end if;
  return moderation.put_back(p_item_id);
end
$$;

comment on function moderation.release(uuid) is
  E'@name release_queue_item\nModerators only: gives a piece of work back to the queue. Refuses queue.unknown, queue.about_you, queue.resolved and queue.not_yours (administrators may give back what others hold).';

revoke all on function moderation.release(uuid) from public;
grant execute on function moderation.release(uuid) to stoa_moderator;
