create or replace function moderation.locked_item(p_item_id uuid)
returns moderation.queue_items
language plpgsql
volatile
set search_path = ''
as $$
declare
  item moderation.queue_items;
begin
  -- Two moderators at once: the second waits here, then sees what the first did.
  select * into item from moderation.queue_items as candidate where candidate.id = p_item_id for no key update;
  if not found then
    perform core.fail('queue.unknown');
  end if;
  if item.subject_user_id = core.current_user_id() then
    perform core.fail('queue.about_you');
  end if;
  if item.status = 'resolved' then
    perform core.fail('queue.resolved');
  end if;
  return item;
end
$$;

comment on function moderation.locked_item(uuid) is
  'Internal. An open piece of work, locked, for somebody whom it is not about. Refuses queue.unknown, queue.about_you and queue.resolved.';

revoke all on function moderation.locked_item(uuid) from public;
