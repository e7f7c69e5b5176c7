create or replace function messaging.is_muted(p_participant messaging.conversation_participants)
returns boolean
language sql
stable
begin atomic
  select p_participant.muted and (p_participant.muted_until is null or p_participant.muted_until > now());
end;

comment on function messaging.is_muted(messaging.conversation_participants) is
  'Internal. Whether a participant wants no notifications now.';

revoke all on function messaging.is_muted(messaging.conversation_participants) from public;
