create or replace function messaging.unread_total()
returns bigint
language sql
stable
-- How far somebody has read is not for the others to see.
security definer
set search_path = ''
begin atomic
  select coalesce(
    sum(
      case
        when conversation.has_disappearing then
          messaging.count_unread(conversation.id, participant.last_read_message_id, conversation.last_message_id)
        else conversation.last_seq - participant.last_read_seq
      end
    ),
    0
  )::bigint
  from messaging.conversation_participants as participant
  join messaging.conversations as conversation on conversation.id = participant.conversation_id
  where participant.user_id = core.current_user_id()
    and participant.left_at is null
    and not (participant.muted and (participant.muted_until is null or participant.muted_until > now()));
end;

comment on function messaging.unread_total() is
  E'@name unread_message_count\nThe badge: how many messages the caller has not read in all conversations that are not muted. One index range and a row for each conversation.';

revoke all on function messaging.unread_total() from public;
grant execute on function messaging.unread_total() to stoa_member;
