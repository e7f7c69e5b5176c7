create or replace function groups.managed_channel(p_channel_id uuid, p_permission text)
returns groups.channels
language plpgsql
volatile
set search_path = ''
as $$
declare
  channel groups.channels;
begin
  channel := groups.visible_channel(p_channel_id);
  perform groups.locked_group(channel.group_id);
  perform groups.permitted_channel(p_channel_id, p_permission);
  if channel.type = 'thread' then
    perform core.fail('channel.wrong_type');
  end if;
  select * into channel from groups.channels as target where target.id = p_channel_id for no key update;
  return channel;
end
$$;

comment on function groups.managed_channel(uuid, text) is
  'Internal. A live channel, no thread, in which the caller holds a permission; its group, then the channel are locked. Refuses channel.unknown, channel.not_allowed, and a thread (channel.wrong_type).';

revoke all on function groups.managed_channel(uuid, text) from public;
