create or replace function messaging.hide(p_conversation_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
begin
  select * into conversation from messaging.conversations as candidate where candidate.id = p_conversation_id;
  -- By number, not by time: a message that commits at this moment is newer than what the caller saw, and shows.
  update messaging.conversation_participants as participant
  set hidden_seq = conversation.last_seq
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me
    and participant.left_at is null;
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  return conversation;
end
$$;

comment on function messaging.hide(uuid) is
  E'@name hide_conversation\nTakes a conversation out of the caller''s inbox until the next message in it, or until they start it again. Refuses conversation.unknown.';

revoke all on function messaging.hide(uuid) from public;
grant execute on function messaging.hide(uuid) to stoa_member;
