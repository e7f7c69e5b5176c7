create or replace function messaging.mute(p_conversation_id uuid, p_until timestamptz default null)
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
  if p_until <= now() then
    perform core.fail('input.malformed');
  end if;
  update messaging.conversation_participants as participant
  set muted = true,
      muted_until = p_until
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me
    and participant.left_at is null;
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  select * into conversation from messaging.conversations as muted where muted.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.mute(uuid, timestamptz) is
  E'@name mute_conversation\nNo notifications from a conversation, and no part in the badge, until a time or for good. Refuses conversation.unknown and a time that has passed (input.malformed).';

revoke all on function messaging.mute(uuid, timestamptz) from public;
grant execute on function messaging.mute(uuid, timestamptz) to stoa_member;
