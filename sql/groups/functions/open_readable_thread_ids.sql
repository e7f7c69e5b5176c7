create or replace function groups.open_readable_thread_ids()
returns setof uuid
language sql
stable
rows 1000
-- The policy of the messages asks this: as the caller it would ask the policy of the channels too, and that one works
-- out the channels of public groups twice more.
security definer
set search_path = ''
as $$
select thread.id
from groups.channels as thread
where thread.parent_channel_id = any (array(select groups.open_readable_channel_ids()))
  and (thread.deleted_at is null or core.current_role_rank() >= 2)
$$;

comment on function groups.open_readable_thread_ids() is
  E'@internal\n@behavior -*\nThe threads under the channels that groups.open_readable_channel_ids gives: those that are there, for staff of the platform deleted ones too. Written into a policy as channel_id in (select groups.open_readable_thread_ids()): there may be very many, and this form looks them up in a hash.';

revoke all on function groups.open_readable_thread_ids() from public;
grant execute on function groups.open_readable_thread_ids() to stoa_anonymous;
