create or replace function messaging.unmute(p_conversation_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Clients do not read these columns; the answer is the conversation.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
begin
  update messaging.conversation_participants as participant
  set muted = false,
      muted_until = null
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me
    and participant.left_at is null;
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  select * into conversation from messaging.conversations as heard where heard.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.unmute(uuid) is
  E'@name unmute_conversation\nNotifications from a conversation again. Refuses conversation.unknown.';

revoke all on function messaging.unmute(uuid) from public;
grant execute on function messaging.unmute(uuid) to stoa_member;
