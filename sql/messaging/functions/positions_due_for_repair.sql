create or replace function messaging.positions_due_for_repair(p_since timestamptz, p_sample integer default 1000)
returns setof uuid
language sql
stable
-- The worker has no grant on the conversations.
security definer
set search_path = ''
begin atomic
  select conversation.id
  from messaging.conversations as conversation
  where conversation.last_message_at >= p_since
  union
  (
    select conversation.id
    from messaging.conversations as conversation
    -- A sample without sorting the table: what follows a random identifier.
    where conversation.id >= (
      select core.uuidv7_floor(oldest.made_at + random() * (now() - oldest.made_at))
      from (select core.uuidv7_time(first.id) as made_at from messaging.conversations as first order by first.id limit 1) as oldest
    )
    order by conversation.id
    limit p_sample
  );
end;

comment on function messaging.positions_due_for_repair(timestamptz, integer) is
  'For the worker: the conversations in which something was said since a time, and some others that lie together at a random place. One scan of the conversations.';

revoke all on function messaging.positions_due_for_repair(timestamptz, integer) from public;
grant execute on function messaging.positions_due_for_repair(timestamptz, integer) to stoa_worker;
