create or replace function groups.create_channel(
  p_group_id uuid,
  p_name text,
  p_type text default 'text',
  p_category_id uuid default null,
  p_topic text default null,
  p_is_private boolean default false
)
returns groups.channels
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_CHANNELS');
  if p_type is null or p_type not in ('text', 'voice', 'announcement') then
    perform core.fail('channel.wrong_type');
  end if;
  perform groups.check_category(p_group_id, p_category_id);
  if (
    select count(*)
    from groups.channels as counted
    where counted.group_id = p_group_id and counted.deleted_at is null and counted.type <> 'thread'
  ) >= 500 then
    perform core.fail('channel.limit_reached');
  end if;
  insert into groups.channels (group_id, category_id, type, name, topic, is_private, position)
  values (
    p_group_id, p_category_id, p_type, core.clean_text(p_name, 100), core.clean_text(p_topic, 500, false),
    coalesce(p_is_private, false),
    (
      select coalesce(max(other.position) + 1, 0)
      from groups.channels as other
      where other.group_id = p_group_id and other.deleted_at is null and other.type <> 'thread'
    )
  )
  returning * into channel;
  perform audit.record(
    'create_channel', 'groups.channels', channel.id, null,
    jsonb_build_object('name', channel.name, 'type', channel.type), p_group_id => p_group_id
  );
  return channel;
end
$$;

comment on function groups.create_channel(uuid, text, text, uuid, text, boolean) is
  'Adds a channel of type text, voice or announcement to a group, at the end of its list. Needs MANAGE_CHANNELS (group.not_allowed). Refuses another type (channel.wrong_type), a heading of another group (channel_category.unknown), and more than 500 channels (channel.limit_reached). Limits: name 100, topic 500 characters. Audited.';

revoke all on function groups.create_channel(uuid, text, text, uuid, text, boolean) from public;
grant execute on function groups.create_channel(uuid, text, text, uuid, text, boolean) to stoa_member;
