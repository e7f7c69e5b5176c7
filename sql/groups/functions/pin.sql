create or replace function groups.pin(p_channel_id uuid, p_message_id uuid)
returns groups.pinned_messages
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  made groups.pinned_messages;
begin
  channel := groups.permitted_channel(p_channel_id, 'MANAGE_MESSAGES');
  perform groups.locked_message(p_channel_id, p_message_id);
  select * into made
  from groups.pinned_messages as known
  where known.channel_id = p_channel_id and known.message_id = p_message_id;
  if found then
    return made;
  end if;
  -- Counted under the lock of the channel.
  if (select count(*) from groups.pinned_messages as known where known.channel_id = p_channel_id) >= 50 then
    perform core.fail('channel_message.pin_limit');
  end if;
  insert into groups.pinned_messages (channel_id, message_id, pinned_by)
  values (p_channel_id, p_message_id, me)
  returning * into made;
  update groups.channels as target set last_pin_at = made.pinned_at where target.id = p_channel_id;
  if exists (
    select
    from groups.group_settings as settings
    where settings.group_id = channel.group_id and settings.system_channel_flags & 2 = 0
  ) then
    perform groups.append_message(
      p_channel_id, 'pin_notice', p_metadata => jsonb_build_object('message_id', p_message_id, 'user_id', me)
    );
  end if;
  return made;
end
$$;

comment on function groups.pin(uuid, uuid) is
  E'@name pin_channel_message\nPins a message in its channel; twice changes nothing. Needs MANAGE_MESSAGES (channel.not_allowed). Refuses channel.unknown, channel_message.unknown, and a 51st pin (channel_message.pin_limit). The channel says so, unless the group does not announce pins.';

revoke all on function groups.pin(uuid, uuid) from public;
grant execute on function groups.pin(uuid, uuid) to stoa_member;
