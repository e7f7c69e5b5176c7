create or replace function messaging.conversations_is_muted(p_conversation messaging.conversations)
returns boolean
language sql
stable
-- What somebody mutes is not for the others to see.
security definer
set search_path = ''
begin atomic
  select messaging.is_muted(participant)
  from messaging.conversation_participants as participant
  where participant.conversation_id = p_conversation.id
    and participant.user_id = core.current_user_id()
    and participant.left_at is null;
end;

comment on function messaging.conversations_is_muted(messaging.conversations) is
  'Whether the caller has muted it and that is not over. One look-up by primary key.';

revoke all on function messaging.conversations_is_muted(messaging.conversations) from public;
grant execute on function messaging.conversations_is_muted(messaging.conversations) to stoa_member;
