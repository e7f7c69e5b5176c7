create or replace function groups.join_thread(p_thread_id uuid)
returns groups.thread_members
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  follower groups.thread_members;
begin
  channel := groups.visible_channel(p_thread_id);
  if channel.type <> 'thread' then
    perform core.fail('thread.unknown');
  end if;
  perform
  from groups.group_members as member
  where member.group_id = channel.group_id and member.user_id = me
  for key share;
  if not found then
    perform core.fail('group_member.unknown');
  end if;
  insert into groups.thread_members as known (channel_id, user_id)
  values (p_thread_id, me)
  on conflict (channel_id, user_id) do update
  set joined_at = known.joined_at
  returning * into follower;
  return follower;
end
$$;

comment on function groups.join_thread(uuid) is
  'Follows a thread; twice changes nothing. Refuses a thread that the caller may not view (channel.unknown), a channel that is no thread (thread.unknown), and somebody who does not belong to the group (group_member.unknown).';

revoke all on function groups.join_thread(uuid) from public;
grant execute on function groups.join_thread(uuid) to stoa_member;
