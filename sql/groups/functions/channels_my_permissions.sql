create or replace function groups.channels_my_permissions(p_channel groups.channels)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  return groups.my_permissions(p_channel.group_id, p_channel.id);
end
$$;

comment on function groups.channels_my_permissions(groups.channels) is
  'What the caller may do in the channel, as a bitfield; see my_group_permissions.';

revoke all on function groups.channels_my_permissions(groups.channels) from public;
grant execute on function groups.channels_my_permissions(groups.channels) to stoa_anonymous;
