create or replace function groups.end_membership()
returns trigger
language plpgsql
volatile
-- Whoever stops belonging leaves rows behind that nobody may write.
security definer
set search_path = ''
as $$
begin
  update groups.voice_sessions as session
  set left_at = greatest(clock_timestamp(), session.joined_at)
  from gone
  where session.user_id = gone.user_id
    and session.group_id = gone.group_id
    and session.left_at is null;
  delete from groups.thread_members as follower
  using gone, groups.channels as channel
  where follower.user_id = gone.user_id
    and channel.id = follower.channel_id
    and channel.group_id = gone.group_id;
  delete from groups.channel_reads as marker
  using gone, groups.channels as channel
  where marker.user_id = gone.user_id
    and channel.id = marker.channel_id
    and channel.group_id = gone.group_id;
  return null;
end
$$;

comment on function groups.end_membership() is
  'Trigger. When people stop belonging to a group, by leaving, kick, ban or erasure: their voice sessions there end, and what they followed and read there is forgotten. Roles and overrides go by foreign key.';

revoke all on function groups.end_membership() from public;
