create or replace function groups.delete_channel_message(p_channel_id uuid, p_message_id uuid, p_reason text default null)
returns groups.channel_messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 500, false);
  channel groups.channels;
  message groups.channel_messages;
begin
  channel := groups.visible_channel(p_channel_id);
  message := groups.locked_message(p_channel_id, p_message_id);
  if message.sender_id is distinct from me and core.current_role_rank() < 2 then
    if not groups.can(p_channel_id, 'MANAGE_MESSAGES') then
      perform core.fail('channel_message.not_author');
    end if;
    perform groups.check_second_factor(channel.group_id);
  end if;
  update groups.channel_messages as target
  set deleted_at = now(),
      deleted_by = me
  where target.channel_id = p_channel_id and target.id = p_message_id
  returning * into message;
  perform core.announce('channel', array[p_channel_id || '/' || p_message_id]);
  delete from groups.pinned_messages as pin where pin.channel_id = p_channel_id and pin.message_id = p_message_id;
  if message.sender_id is distinct from me then
    perform audit.record(
      'delete_channel_message', 'groups.channel_messages', p_message_id, p_reason => why, p_group_id => channel.group_id,
      p_resource_key => jsonb_build_object('channel_id', p_channel_id, 'id', p_message_id)
    );
  end if;
  return message;
end
$$;

comment on function groups.delete_channel_message(uuid, uuid, text) is
  'Deletes a message: nobody reads it any more, and it is purged after 30 days. Its author, whoever holds MANAGE_MESSAGES, and the staff of the platform where it may read; others are refused (channel_message.not_author). A pin goes with it. Refuses channel.unknown and channel_message.unknown. Limit: reason 500 characters. Audited when it was somebody else''s.';

revoke all on function groups.delete_channel_message(uuid, uuid, text) from public;
grant execute on function groups.delete_channel_message(uuid, uuid, text) to stoa_member;
