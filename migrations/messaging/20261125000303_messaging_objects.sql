-- Why: coalesce() in a condition is taken for leaky under row-level security: the cursor was a filter, and a page deep in a
--   conversation read and dropped every newer message. And each page worked out all conversations of the caller twice,
--   and was planned over all partitions.
-- Changed: messaging.feed.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: messaging/functions/feed.sql
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
-- Asks once whether the caller is in the conversation and from where they read it, then reads as the owner: the policy
-- works out all conversations of the caller, and looks at each row. Its rule is repeated here.
security definer
set search_path = ''
-- A page costs less to read than to plan, over all partitions; a plan for any page leaves them out as it begins.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  page constant integer := messaging.page_size(p_first, 50);
  below constant uuid := coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  above uuid;
  newest uuid;
begin
  select
    greatest(participant.history_from_id, p_after, '00000000-0000-0000-0000-000000000000'),
    conversation.last_message_id
  into above, newest
  from messaging.conversation_participants as participant
  join messaging.conversations as conversation on conversation.id = participant.conversation_id
  where participant.conversation_id = p_conversation_id
    and participant.user_id = core.current_user_id()
    and participant.left_at is null;
  if not found then
    perform core.fail('conversation.unknown');
  end if;

  if p_after is not null then
    return query
      select message.*
      from messaging.messages as message
      where message.conversation_id = p_conversation_id
        and message.id > above
        and message.id < below
        and (message.expires_at is null or message.expires_at > now())
      order by message.id
      limit page;
    return;
  end if;

  -- Partitions newer than the newest message are not even opened: a quiet conversation costs no more than a busy one.
  return query
    select message.*
    from messaging.messages as message
    where message.conversation_id = p_conversation_id
      and message.id > above
      and message.id <= newest
      and message.id < below
      and (message.expires_at is null or message.expires_at > now())
    order by message.id desc
    limit page;
end
$$;

comment on function messaging.feed(uuid, uuid, uuid, integer) is
  E'@name conversation_feed\n@simpleCollections only\nOne page of a conversation. Without bounds the newest messages, newest first; before: the page that is older than this message; after: what came since this message, oldest first, for polling: nothing is ever missed, because ids become visible in their order. first: 1 to 100. Deleted messages are tombstones without text. One range of the primary key, as cheap deep in the history as at its end. Refuses conversation.unknown.';

revoke all on function messaging.feed(uuid, uuid, uuid, integer) from public;
grant execute on function messaging.feed(uuid, uuid, uuid, integer) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: messaging/functions/feed.sql
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

-- End of objects
