create or replace function groups.unread(p_group_id uuid)
returns table (channel_id uuid, unread_count bigint, mention_count integer, last_message_id uuid)
language plpgsql
stable
rows 50
-- Reads as the owner after one look at the caller's permissions, because policies would check each row.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  member groups.group_members;
begin
  member := groups.require_membership(p_group_id, me);
  return query
    select place.id, counted.amount, coalesce(marker.mention_count, 0), place.last_message_id
    from (
      select channel.id, channel.last_seq, channel.last_message_id, member.joined_at as since
      from groups.channel_permissions_of_caller(false, p_group_id) as known
      join groups.channels as channel on channel.id = known.channel_id
      where known.permissions & 66560 = 66560
      union all
      select thread.id, thread.last_seq, thread.last_message_id, follower.joined_at
      from groups.channel_permissions_of_caller(false, p_group_id) as known
      join groups.channels as thread on thread.parent_channel_id = known.channel_id and thread.deleted_at is null
      join groups.thread_members as follower on follower.channel_id = thread.id and follower.user_id = me
      where known.permissions & 66560 = 66560
    ) as place
    left join groups.channel_reads as marker on marker.user_id = me and marker.channel_id = place.id
    cross join lateral (
      select groups.unread_after(place.id, place.last_seq, marker.last_read_seq, place.since) as amount
    ) as counted
    where counted.amount > 0
      or marker.mention_count > 0
    order by place.last_message_id desc nulls last;
end
$$;

comment on function groups.unread(uuid) is
  E'@name unread_channels\n@column unread_count How many messages the caller has not read there.\nThe channels of a group that hold something the caller has not read, with how much, and how many mentions of the caller; of threads, those that the caller follows. In a channel that was never opened, what came since the caller joined counts, at most 100. Refuses somebody who does not belong (group_member.unknown). Does not grow with the messages.';

revoke all on function groups.unread(uuid) from public;
grant execute on function groups.unread(uuid) to stoa_member;
