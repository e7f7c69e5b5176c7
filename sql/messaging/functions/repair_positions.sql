create or replace function messaging.repair_positions(p_conversation_ids uuid[])
returns integer
language plpgsql
volatile
-- The worker has no grant on these tables; this is the one thing it does to them here.
security definer
set search_path = ''
as $$
declare
  wrong record;
  repaired integer := 0;
begin
  -- Locked first and looked at in a second statement: a send that was under way is over then.
  perform
  from messaging.conversations as conversation
  where conversation.id = any (p_conversation_ids)
  order by conversation.id
  for no key update;

  for wrong in
    select conversation.id, conversation.last_seq, newest.seq, newest.id as newest_id, newest.inserted_at
    from messaging.conversations as conversation
    cross join lateral (
      select message.seq, message.id, message.inserted_at
      from messaging.messages as message
      where message.conversation_id = conversation.id
      order by message.id desc
      limit 1
    ) as newest
    where conversation.id = any (p_conversation_ids)
      -- The newest messages may have disappeared: the conversation is never behind, but it may be ahead.
      and (newest.seq > conversation.last_seq or newest.id > conversation.last_message_id)
    order by conversation.id
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values ('messaging.conversations.last_seq', jsonb_build_object('id', wrong.id), wrong.last_seq, wrong.seq);
    update messaging.conversations as conversation
    set last_seq = greatest(conversation.last_seq, wrong.seq),
        last_message_id = wrong.newest_id,
        last_message_at = wrong.inserted_at
    where conversation.id = wrong.id;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function messaging.repair_positions(uuid[]) is
  'For the worker: puts right what conversations say about their newest message, writes each difference to ops.counter_repairs and returns how many it corrected. The number of unread messages follows from it; nothing else is cached. Locks the conversations: call it with some hundred at a time.';

revoke all on function messaging.repair_positions(uuid[]) from public;
grant execute on function messaging.repair_positions(uuid[]) to stoa_worker;
