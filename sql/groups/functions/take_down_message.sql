create or replace function groups.take_down_message(p_channel_id uuid, p_message_id uuid, p_reason text)
returns groups.channel_messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  message groups.channel_messages;
  home uuid;
begin
  message := groups.locked_message(p_channel_id, p_message_id);
  select channel.group_id into home from groups.channels as channel where channel.id = p_channel_id;
  update groups.channel_messages as target
  set deleted_at = now(),
      deleted_by = me
  where target.channel_id = p_channel_id and target.id = p_message_id
  returning * into message;
  delete from groups.pinned_messages as pin where pin.channel_id = p_channel_id and pin.message_id = p_message_id;
  perform audit.record(
    'delete_channel_message', 'groups.channel_messages', p_message_id, p_reason => p_reason, p_group_id => home,
    p_resource_key => jsonb_build_object('channel_id', p_channel_id, 'id', p_message_id)
  );
  return message;
end
$$;

comment on function groups.take_down_message(uuid, uuid, text) is
  'Internal. Deletes a message that was reported, as a moderator of the platform: of a private group too, which they may not read beyond the copy that the report carries. A pin goes with it. Refuses channel_message.unknown, and callers who do not moderate (role.insufficient). Audited.';

revoke all on function groups.take_down_message(uuid, uuid, text) from public;
