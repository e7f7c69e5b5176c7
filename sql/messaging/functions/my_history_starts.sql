create or replace function messaging.my_history_starts()
returns jsonb
language sql
stable
-- From where somebody reads is not for the others to see.
security definer
set search_path = ''
begin atomic
  select coalesce(jsonb_object_agg(participant.conversation_id, participant.history_from_id), '{}')
  from messaging.conversation_participants as participant
  where participant.user_id = core.current_user_id()
    and participant.left_at is null
    and participant.history_from_id is not null;
end;

comment on function messaging.my_history_starts() is
  E'@internal\n@behavior -*\nFor the policy of the messages: by conversation, the last message that is hidden from the caller, who joined later or cleared the history. Written as (select messaging.my_history_starts()), it is computed once a statement. One index range.';

revoke all on function messaging.my_history_starts() from public;
grant execute on function messaging.my_history_starts() to stoa_member;
