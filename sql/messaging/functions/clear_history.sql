create or replace function messaging.clear_history(p_conversation_id uuid)
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
  update messaging.conversation_participants as participant
  set history_from_id = greatest(participant.history_from_id, conversation.last_message_id),
      last_read_message_id = greatest(participant.last_read_message_id, conversation.last_message_id),
      last_read_seq = greatest(participant.last_read_seq, conversation.last_seq)
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me
    and participant.left_at is null;
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  return conversation;
end
$$;

comment on function messaging.clear_history(uuid) is
  E'@name clear_conversation\nHides everything said so far from the caller, for good; the others keep it. Refuses conversation.unknown.';

revoke all on function messaging.clear_history(uuid) from public;
grant execute on function messaging.clear_history(uuid) to stoa_member;
