create or replace function groups.visible_channel(p_channel_id uuid)
returns groups.channels
language plpgsql
stable
set search_path = ''
as $$
declare
  channel groups.channels;
begin
  select * into channel from groups.channels as target where target.id = p_channel_id;
  if channel.id is null or groups.my_permissions(channel.group_id, channel.id) & groups.permission('VIEW_CHANNEL') = 0 then
    perform core.fail('channel.unknown');
  end if;
  return channel;
end
$$;

comment on function groups.visible_channel(uuid) is
  'Internal. A live channel that the caller may view. Refuses channel.unknown.';

revoke all on function groups.visible_channel(uuid) from public;
