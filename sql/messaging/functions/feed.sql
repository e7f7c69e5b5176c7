create or replace function messaging.feed(
  p_conversation_id uuid,
  p_before uuid default null,
  p_after uuid default null,
  p_first integer default 50
)
returns setof messaging.messages
language plpgsql
stable
rows 50
set search_path = ''
as $$
declare
  newest uuid;
  page constant integer := messaging.page_size(p_first, 50);
begin
  select conversation.last_message_id into newest
  from messaging.conversations as conversation
  where conversation.id = p_conversation_id;
  if not found then
    perform core.fail('conversation.unknown');
  end if;

  if p_after is not null then
    return query
      select message.*
      from messaging.messages as message
      where message.conversation_id = p_conversation_id
        and message.id > p_after
        and message.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by message.id
      limit page;
    return;
  end if;

  -- Partitions newer than the newest message are not even opened: a quiet conversation costs no more than a busy one.
  return query
    select message.*
    from messaging.messages as message
    where message.conversation_id = p_conversation_id
      and message.id <= newest
      and message.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by message.id desc
    limit page;
end
$$;

comment on function messaging.feed(uuid, uuid, uuid, integer) is
  E'@name conversation_feed\n@simpleCollections only\nOne page of a conversation. Without bounds the newest messages, newest first; before: the page that is older than this message; after: what came since this message, oldest first, for polling: nothing is ever missed, because ids become visible in their order. first: 1 to 100. Deleted messages are tombstones without text. Runs with the rights of the caller. One range of the primary key, as cheap deep in the history as at its end. Refuses conversation.unknown.';

revoke all on function messaging.feed(uuid, uuid, uuid, integer) from public;
grant execute on function messaging.feed(uuid, uuid, uuid, integer) to stoa_member;
