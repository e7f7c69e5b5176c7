create or replace function groups.send_channel_message(
  p_channel_id uuid,
  p_content text,
  p_reply_to_id uuid default null,
  p_upload_ids uuid[] default null,
  p_tts boolean default false,
  p_key text default null
)
returns groups.channel_messages
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_channel_id, p_content, p_reply_to_id, p_upload_ids, p_tts);
  files constant integer := coalesce(cardinality(p_upload_ids), 0);
  earlier jsonb;
  held bigint;
  channel groups.channels;
  message groups.channel_messages;
  body text;
begin
  perform core.require_unrestricted('chat');
  earlier := core.recall('groups.send_channel_message', p_key, arguments);
  if earlier is not null then
    select * into message
    from groups.channel_messages as made
    where made.channel_id = p_channel_id and made.id = (earlier ->> 'id')::uuid;
    return message;
  end if;

  channel := groups.writable_channel(p_channel_id);
  held := groups.my_permissions(channel.group_id, p_channel_id);
  body := coalesce(core.clean_text(p_content, 8000, files = 0), '');
  if (files > 0 and held & groups.permission('ATTACH_FILES') = 0) or (p_tts and held & groups.permission('SEND_TTS') = 0) then
    perform core.fail('channel.not_allowed');
  end if;
  if p_reply_to_id is not null and not exists (
    select
    from groups.channel_messages as answered
    where answered.channel_id = p_channel_id and answered.id = p_reply_to_id and answered.deleted_at is null
  ) then
    perform core.fail('channel_message.unknown');
  end if;
  if channel.slowmode_seconds > 0
    and held & (groups.permission('BYPASS_SLOWMODE') | groups.permission('MANAGE_MESSAGES')) = 0
  then
    perform groups.check_slow_mode(p_channel_id, me, channel.slowmode_seconds);
  end if;
  -- A ban that is under way waits for this message, and then sees it.
  perform
  from groups.group_members as member
  where member.group_id = channel.group_id and member.user_id = me
  for key share;
  if not found then
    perform core.fail('channel.not_allowed');
  end if;

  message := groups.append_message(
    p_channel_id,
    'default',
    me,
    p_content => body,
    p_reply_to_id => p_reply_to_id,
    p_tts => coalesce(p_tts, false),
    p_mention_everyone => held & groups.permission('MENTION_EVERYONE') <> 0 and body ~ '@(everyone|here)\M'
  );
  if files > 0 then
    message := groups.attach_uploads(message, p_upload_ids);
  end if;
  if channel.type = 'thread' then
    insert into groups.thread_members (channel_id, user_id) values (p_channel_id, me) on conflict do nothing;
  end if;
  -- The sender has read up to here.
  insert into groups.channel_reads as marker (user_id, channel_id, last_read_seq, last_read_message_id, last_read_at)
  values (me, p_channel_id, message.seq, message.id, now())
  on conflict (user_id, channel_id) do update
  set last_read_seq = excluded.last_read_seq,
      last_read_message_id = excluded.last_read_message_id,
      last_read_at = excluded.last_read_at,
      mention_count = 0;
  perform groups.write_mentions(message, held);
  perform groups.tell_mentioned(message, channel);
  perform core.remember('groups.send_channel_message', p_key, arguments, jsonb_build_object('id', message.id));
  return message;
end
$$;

comment on function groups.send_channel_message(uuid, text, uuid, uuid[], boolean, text) is
  'Writes a message into a channel or thread. People are mentioned as <@id>, roles as <@&id>, channels as <#id>, everybody as @everyone; mentions that the reader of the channel could not follow, or that the sender may not make, stay text. reply_to_id: a message of this channel, whose author is told. upload_ids: up to ten own finished uploads (needs ATTACH_FILES). tts needs SEND_TTS. key: send the same again after a lost answer and get the same message. Writing into an archived thread brings it back, and follows it. Refuses channel.unknown, channel.not_allowed, group_member.timed_out, channel.wrong_type, thread.locked, group.verification_required; in slow mode a message too soon (channel.slow_mode, with the seconds to wait; BYPASS_SLOWMODE and MANAGE_MESSAGES are exempt); an empty message (input.empty), one over 8,000 characters (input.too_long), more than 50 mentions (channel_message.too_many_mentions), uploads that cannot be used (channel_message.upload_unusable), and an unknown reply_to_id (channel_message.unknown). Messages of one channel queue up at it; cost does not grow with its readers. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.send_channel_message(uuid, text, uuid, uuid[], boolean, text) from public;
grant execute on function groups.send_channel_message(uuid, text, uuid, uuid[], boolean, text) to stoa_member;
