create or replace function messaging.is_participant(p_conversation_id uuid)
returns boolean
language sql
stable
-- Also asked where the caller may not read the participants.
security definer
set search_path = ''
begin atomic
  select exists (
    select
    from messaging.conversation_participants as participant
    where participant.conversation_id = p_conversation_id
      and participant.user_id = core.current_user_id()
      and participant.left_at is null
  );
end;

comment on function messaging.is_participant(uuid) is
  E'@internal\n@behavior -*\nWhether the caller is in a conversation now. One look-up by primary key.';

revoke all on function messaging.is_participant(uuid) from public;
grant execute on function messaging.is_participant(uuid) to stoa_member;
