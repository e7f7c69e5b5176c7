create or replace function groups.channels_unread_count(p_channel groups.channels)
returns bigint
language plpgsql
stable
-- Reads the caller's own marker and the messages that it points between.
security definer
set search_path = ''
as $$
begin
  return (
    select groups.unread_after(p_channel.id, p_channel.last_seq, marker.last_read_seq, member.joined_at)
    from groups.group_members as member
    left join groups.channel_reads as marker on marker.user_id = member.user_id and marker.channel_id = p_channel.id
    where member.group_id = p_channel.group_id
      and member.user_id = groups.caller_id()
      and groups.my_permissions(p_channel.group_id, p_channel.id) & 66560 = 66560
  );
end
$$;

comment on function groups.channels_unread_count(groups.channels) is
  'How many messages of the channel the caller has not read; null for somebody who does not belong to its group. In a channel that was never opened, what came since they joined, at most 100.';

revoke all on function groups.channels_unread_count(groups.channels) from public;
grant execute on function groups.channels_unread_count(groups.channels) to stoa_member;
