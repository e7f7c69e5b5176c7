create or replace function groups.leave_thread(p_thread_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  delete from groups.thread_members as follower where follower.channel_id = p_thread_id and follower.user_id = me;
  return found;
end
$$;

comment on function groups.leave_thread(uuid) is
  'Follows a thread no more; tells whether the caller did. Changes nothing else.';

revoke all on function groups.leave_thread(uuid) from public;
grant execute on function groups.leave_thread(uuid) to stoa_member;
