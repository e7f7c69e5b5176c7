create or replace function messaging.unreact(p_conversation_id uuid, p_message_id uuid, p_emoji text)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  if not messaging.is_participant(p_conversation_id) then
    perform core.fail('conversation.unknown');
  end if;
  delete from messaging.message_reactions as given
  where given.conversation_id = p_conversation_id
    and given.message_id = p_message_id
    and given.emoji = p_emoji
    and given.user_id = me;
  return found;
end
$$;

comment on function messaging.unreact(uuid, uuid, text) is
  E'@name unreact_to_message\nTakes the caller''s emoji off a message; false when it was not there. Refuses conversation.unknown.';

revoke all on function messaging.unreact(uuid, uuid, text) from public;
grant execute on function messaging.unreact(uuid, uuid, text) to stoa_member;
