create or replace function messaging.inbox(
  p_before timestamptz default null,
  p_before_id uuid default null,
  p_first integer default 25
)
returns setof messaging.conversations
language sql
stable
rows 25
-- Who has hidden a conversation is not for the others to see.
security definer
set search_path = ''
begin atomic
  select conversation.*
  from messaging.conversation_participants as participant
  join messaging.conversations as conversation on conversation.id = participant.conversation_id
  where participant.user_id = core.current_user_id()
    and participant.left_at is null
    and (participant.hidden_seq is null or conversation.last_seq > participant.hidden_seq)
    and (
      p_before is null
      or coalesce(conversation.last_message_at, conversation.inserted_at) < p_before
      or (
        coalesce(conversation.last_message_at, conversation.inserted_at) = p_before
        and conversation.id < p_before_id
      )
    )
  order by coalesce(conversation.last_message_at, conversation.inserted_at) desc, conversation.id desc
  limit messaging.page_size(p_first, 25);
end;

comment on function messaging.inbox(timestamptz, uuid, integer) is
  E'@simpleCollections only\nThe caller''s conversations, the one with the newest message first, without hidden ones. first: 1 to 100. before and before_id: lastMessageAt (insertedAt where there is no message yet) and id of the last conversation of the page before. One index range, a row for each conversation, and a sort of those.';

revoke all on function messaging.inbox(timestamptz, uuid, integer) from public;
grant execute on function messaging.inbox(timestamptz, uuid, integer) to stoa_member;
