create or replace function groups.reorder_channels(p_group_id uuid, p_channel_ids uuid[])
returns setof groups.channels
language plpgsql
volatile
rows 50
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_CHANNELS');
  perform groups.check_order(
    p_channel_ids,
    array(
      select channel.id
      from groups.channels as channel
      where channel.group_id = p_group_id and channel.deleted_at is null and channel.type <> 'thread'
    )
  );
  perform from groups.channels as channel where channel.id = any (p_channel_ids) order by channel.id for no key update;
  update groups.channels as channel
  set position = place.number - 1
  from unnest(p_channel_ids) with ordinality as place (id, number)
  where channel.id = place.id
    and channel.position <> place.number - 1;
  return query
    select channel.* from groups.channels as channel where channel.id = any (p_channel_ids) order by channel.position, channel.id;
end
$$;

comment on function groups.reorder_channels(uuid, uuid[]) is
  'Puts the channels of a group into the given order: the whole list of its channels, threads aside. Needs MANAGE_CHANNELS (group.not_allowed). Refuses a list that leaves one out, doubles one or holds another (group.order_incomplete).';

revoke all on function groups.reorder_channels(uuid, uuid[]) from public;
grant execute on function groups.reorder_channels(uuid, uuid[]) to stoa_member;
