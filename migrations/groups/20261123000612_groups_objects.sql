-- Why: a ban from chatting bars writing in channels; reported messages can be taken down; origins of imports are nobody's to read.
-- New: groups.take_down_message, groups policies imported_channels, groups policies imported_members.
-- Changed: groups.create_webhook, groups.edit_channel_message, groups.join_voice, groups.react,
--   groups.rename_thread, groups.restore_channel_message, groups.send_channel_message, groups.start_thread.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: groups/functions/create_webhook.sql
create or replace function groups.create_webhook(p_channel_id uuid, p_name text, p_avatar_url text default null)
returns table (webhook_id uuid, token text)
language plpgsql
volatile
rows 1
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  secret constant text := encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
  channel groups.channels;
  made uuid;
begin
  perform core.require_unrestricted('chat');
  channel := groups.managed_channel(p_channel_id, 'MANAGE_WEBHOOKS');
  if channel.type not in ('text', 'announcement') then
    perform core.fail('channel.wrong_type');
  end if;
  if (
    select count(*) from groups.webhooks as known where known.group_id = channel.group_id and known.channel_id = p_channel_id
  ) >= 15 then
    perform core.fail('webhook.limit_reached');
  end if;
  insert into groups.webhooks (group_id, channel_id, name, avatar_url, token_hash, created_by)
  values (
    channel.group_id, p_channel_id, core.clean_text(p_name, 80), groups.clean_url(p_avatar_url),
    sha256(convert_to(secret, 'UTF8')), me
  )
  returning id into made;
  perform audit.record('create_webhook', 'groups.webhooks', made, p_group_id => channel.group_id);
  return query select made, secret;
end
$$;

comment on function groups.create_webhook(uuid, text, text) is
  'Makes a webhook that writes into a text or announcement channel. The token is its secret: it is told now and never again, only its digest is kept. Needs MANAGE_WEBHOOKS there (channel.not_allowed). Refuses channel.unknown, other channels (channel.wrong_type), more than 15 webhooks in a channel (webhook.limit_reached), and a picture that is no web address (group.url_invalid). Limit: name 80 characters. Audited. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.create_webhook(uuid, text, text) from public;
grant execute on function groups.create_webhook(uuid, text, text) to stoa_member;

-- Object: groups/functions/edit_channel_message.sql
create or replace function groups.edit_channel_message(p_channel_id uuid, p_message_id uuid, p_content text)
returns groups.channel_messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  message groups.channel_messages;
begin
  perform core.require_unrestricted('chat');
  channel := groups.writable_channel(p_channel_id);
  message := groups.locked_message(p_channel_id, p_message_id);
  if message.sender_id is distinct from me then
    perform core.fail('channel_message.not_author');
  end if;
  if message.type not in ('default', 'image', 'file') or message.inserted_at <= now() - interval '24 hours' then
    perform core.fail('channel_message.edit_too_late');
  end if;
  update groups.channel_messages as target
  set content = coalesce(core.clean_text(p_content, 8000, message.type = 'default'), ''),
      edited_at = now()
  where target.channel_id = p_channel_id and target.id = p_message_id
  returning * into message;
  perform groups.write_mentions(message, groups.my_permissions(channel.group_id, p_channel_id));
  return message;
end
$$;

comment on function groups.edit_channel_message(uuid, uuid, text) is
  'Changes the text of one''s own message, within 24 hours. Mentions are read anew; nobody is told of new ones. Refuses channel.unknown, channel.not_allowed, group_member.timed_out, thread.locked and what else keeps from writing there; channel_message.unknown, a message of somebody else (channel_message.not_author), one that the group wrote itself or that is too old (channel_message.edit_too_late), and texts as sending does. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.edit_channel_message(uuid, uuid, text) from public;
grant execute on function groups.edit_channel_message(uuid, uuid, text) to stoa_member;

-- Object: groups/functions/join_voice.sql
create or replace function groups.join_voice(p_channel_id uuid)
returns groups.voice_sessions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  member groups.group_members;
  session groups.voice_sessions;
begin
  perform core.require_unrestricted('chat');
  channel := groups.permitted_channel(p_channel_id, 'CONNECT');
  if channel.type <> 'voice' then
    perform core.fail('channel.wrong_type');
  end if;
  -- Two entries of one person at once wait for each other; a ban that is under way waits for this one.
  perform pg_advisory_xact_lock(hashtextextended('groups.voice:' || me, 0));
  select * into member
  from groups.group_members as target
  where target.group_id = channel.group_id and target.user_id = me
  for key share;
  if not found then
    perform core.fail('channel.not_allowed');
  end if;
  select * into channel
  from groups.channels as target
  where target.id = p_channel_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  update groups.voice_sessions as former
  set left_at = greatest(clock_timestamp(), former.joined_at)
  where former.user_id = me and former.left_at is null;
  if (
    select count(*) from groups.voice_sessions as open_one where open_one.channel_id = p_channel_id and open_one.left_at is null
  ) >= channel.user_limit and not groups.can(p_channel_id, 'MOVE_MEMBERS') then
    perform core.fail('voice.full');
  end if;
  insert into groups.voice_sessions (group_id, channel_id, user_id, server_mute, server_deaf)
  values (channel.group_id, p_channel_id, me, member.mute, member.deaf)
  returning * into session;
  return session;
end
$$;

comment on function groups.join_voice(uuid) is
  'Enters a voice channel; wherever else the caller was, they leave. Needs CONNECT (channel.not_allowed). Refuses channel.unknown, a channel that is not for voice (channel.wrong_type), and a full one (voice.full; MOVE_MEMBERS is exempt). Counted under the lock of the channel, so that it never holds more than it may. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.join_voice(uuid) from public;
grant execute on function groups.join_voice(uuid) to stoa_member;

-- Object: groups/functions/react.sql
create or replace function groups.react(p_channel_id uuid, p_message_id uuid, p_emoji text)
returns groups.message_reactions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  custom_id uuid;
  symbol text;
  reaction groups.message_reactions;
begin
  perform core.require_unrestricted('chat');
  channel := groups.permitted_channel(p_channel_id, 'ADD_REACTIONS');
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  custom_id := groups.check_emoji(channel.group_id, p_channel_id, p_emoji);
  symbol := case when custom_id is null then p_emoji else 'custom:' || custom_id end;
  -- Without the channel's lock: reactions to one message queue up here, those to others pass.
  perform
  from groups.channel_messages as message
  where message.channel_id = p_channel_id and message.id = p_message_id and message.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;
  if (
    select count(distinct known.emoji) filter (where known.emoji <> symbol)
    from groups.message_reactions as known
    where known.channel_id = p_channel_id and known.message_id = p_message_id
  ) >= 20 then
    perform core.fail('channel_reaction.limit_reached');
  end if;
  insert into groups.message_reactions as known (channel_id, message_id, emoji, custom_emoji_id, user_id)
  values (p_channel_id, p_message_id, symbol, custom_id, me)
  on conflict (channel_id, message_id, emoji, user_id) do update
  set emoji = known.emoji
  returning * into reaction;
  return reaction;
end
$$;

comment on function groups.react(uuid, uuid, text) is
  E'@name react_to_channel_message\nAnswers a message with an emoji: of Unicode, or custom:<id>. Twice changes nothing. Needs ADD_REACTIONS and READ_HISTORY (channel.not_allowed). Refuses channel.unknown, channel_message.unknown, what is no emoji (channel_reaction.emoji_invalid), and a 21st emoji on one message (channel_reaction.limit_reached). Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.react(uuid, uuid, text) from public;
grant execute on function groups.react(uuid, uuid, text) to stoa_member;

-- Object: groups/functions/rename_thread.sql
create or replace function groups.rename_thread(p_thread_id uuid, p_name text)
returns groups.channels
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
begin
  perform core.require_unrestricted('chat');
  perform groups.locked_thread(p_thread_id, true);
  update groups.channels as target
  set name = core.clean_text(p_name, 100)
  where target.id = p_thread_id
  returning * into channel;
  return channel;
end
$$;

comment on function groups.rename_thread(uuid, text) is
  'Renames a thread. Whoever started it, or holds MANAGE_THREADS (channel.not_allowed). Refuses channel.unknown and thread.unknown. Limit: 100 characters. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.rename_thread(uuid, text) from public;
grant execute on function groups.rename_thread(uuid, text) to stoa_member;

-- Object: groups/functions/restore_channel_message.sql
create or replace function groups.restore_channel_message(p_channel_id uuid, p_message_id uuid)
returns groups.channel_messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  message groups.channel_messages;
begin
  perform core.require_unrestricted('chat');
  perform groups.visible_channel(p_channel_id);
  perform from groups.channels as channel where channel.id = p_channel_id for no key update;
  select * into message
  from groups.channel_messages as target
  where target.channel_id = p_channel_id and target.id = p_message_id and target.deleted_by = me
  for no key update;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;
  if message.deleted_at <= now() - interval '30 days' then
    perform core.fail('channel_message.restore_too_late');
  end if;
  update groups.channel_messages as target
  set deleted_at = null,
      deleted_by = null
  where target.channel_id = p_channel_id and target.id = p_message_id
  returning * into message;
  return message;
end
$$;

comment on function groups.restore_channel_message(uuid, uuid) is
  'Brings a deleted message back, within 30 days; only whoever deleted it (else channel_message.unknown). Refuses channel.unknown and a message deleted too long ago (channel_message.restore_too_late). Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.restore_channel_message(uuid, uuid) from public;
grant execute on function groups.restore_channel_message(uuid, uuid) to stoa_member;

-- Object: groups/functions/send_channel_message.sql
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

-- Object: groups/functions/start_thread.sql
create or replace function groups.start_thread(
  p_channel_id uuid,
  p_name text,
  p_message_id uuid default null,
  p_auto_archive_minutes integer default null
)
returns groups.threads
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  parent groups.channels;
  home uuid;
  thread groups.threads;
begin
  perform core.require_unrestricted('chat');
  parent := groups.permitted_channel(p_channel_id, 'CREATE_THREADS');
  if parent.type not in ('text', 'announcement') then
    perform core.fail('channel.wrong_type');
  end if;
  if p_auto_archive_minutes not in (60, 1440, 4320, 10080) then
    perform core.fail('input.malformed');
  end if;
  -- Two threads from one message at once: the second waits here, and then sees the first.
  perform from groups.channels as channel where channel.id = p_channel_id and channel.deleted_at is null for no key update;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  if p_message_id is not null then
    perform groups.locked_message(p_channel_id, p_message_id);
    perform
    from groups.threads as known
    where known.parent_channel_id = p_channel_id and known.root_message_id = p_message_id;
    if found then
      perform core.fail('thread.exists');
    end if;
  end if;
  insert into groups.channels (group_id, parent_channel_id, type, name, nsfw, slowmode_seconds)
  values (parent.group_id, p_channel_id, 'thread', core.clean_text(p_name, 100), parent.nsfw, parent.slowmode_seconds)
  returning id into home;
  insert into groups.threads (channel_id, parent_channel_id, root_message_id, owner_id, auto_archive_minutes)
  values (
    home, p_channel_id, p_message_id, me, coalesce(p_auto_archive_minutes, parent.default_auto_archive_minutes, 1440)
  )
  returning * into thread;
  insert into groups.thread_members (channel_id, user_id) values (home, me);
  perform groups.append_message(
    p_channel_id, 'thread_created', p_metadata => jsonb_build_object('thread_id', home, 'user_id', me)
  );
  return thread;
end
$$;

comment on function groups.start_thread(uuid, text, uuid, integer) is
  'Starts a thread in a text or announcement channel, from one of its messages or by itself, and follows it. It has the slow mode of its channel. auto_archive_minutes: 60, 1440, 4320 or 10080 of silence until it is archived. Needs CREATE_THREADS (channel.not_allowed). Refuses channel.unknown, other channels (channel.wrong_type), channel_message.unknown, a message that has a thread (thread.exists), other spans (input.malformed), group_member.timed_out. Limit: name 100 characters. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.start_thread(uuid, text, uuid, integer) from public;
grant execute on function groups.start_thread(uuid, text, uuid, integer) to stoa_member;

-- Object: groups/functions/take_down_message.sql
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

-- Object: groups/policies/imported_channels.sql
revoke all on groups.imported_channels from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: groups/policies/imported_members.sql
revoke all on groups.imported_members from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function groups.take_down_message(uuid, uuid, text);

-- Object: groups/functions/create_webhook.sql
create or replace function groups.create_webhook(p_channel_id uuid, p_name text, p_avatar_url text default null)
returns table (webhook_id uuid, token text)
language plpgsql
volatile
rows 1
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  secret constant text := encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
  channel groups.channels;
  made uuid;
begin
  channel := groups.managed_channel(p_channel_id, 'MANAGE_WEBHOOKS');
  if channel.type not in ('text', 'announcement') then
    perform core.fail('channel.wrong_type');
  end if;
  if (
    select count(*) from groups.webhooks as known where known.group_id = channel.group_id and known.channel_id = p_channel_id
  ) >= 15 then
    perform core.fail('webhook.limit_reached');
  end if;
  insert into groups.webhooks (group_id, channel_id, name, avatar_url, token_hash, created_by)
  values (
    channel.group_id, p_channel_id, core.clean_text(p_name, 80), groups.clean_url(p_avatar_url),
    sha256(convert_to(secret, 'UTF8')), me
  )
  returning id into made;
  perform audit.record('create_webhook', 'groups.webhooks', made, p_group_id => channel.group_id);
  return query select made, secret;
end
$$;

comment on function groups.create_webhook(uuid, text, text) is
  'Makes a webhook that writes into a text or announcement channel. The token is its secret: it is told now and never again, only its digest is kept. Needs MANAGE_WEBHOOKS there (channel.not_allowed). Refuses channel.unknown, other channels (channel.wrong_type), more than 15 webhooks in a channel (webhook.limit_reached), and a picture that is no web address (group.url_invalid). Limit: name 80 characters. Audited.';

revoke all on function groups.create_webhook(uuid, text, text) from public;
grant execute on function groups.create_webhook(uuid, text, text) to stoa_member;

-- Object: groups/functions/edit_channel_message.sql
create or replace function groups.edit_channel_message(p_channel_id uuid, p_message_id uuid, p_content text)
returns groups.channel_messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  message groups.channel_messages;
begin
  channel := groups.writable_channel(p_channel_id);
  message := groups.locked_message(p_channel_id, p_message_id);
  if message.sender_id is distinct from me then
    perform core.fail('channel_message.not_author');
  end if;
  if message.type not in ('default', 'image', 'file') or message.inserted_at <= now() - interval '24 hours' then
    perform core.fail('channel_message.edit_too_late');
  end if;
  update groups.channel_messages as target
  set content = coalesce(core.clean_text(p_content, 8000, message.type = 'default'), ''),
      edited_at = now()
  where target.channel_id = p_channel_id and target.id = p_message_id
  returning * into message;
  perform groups.write_mentions(message, groups.my_permissions(channel.group_id, p_channel_id));
  return message;
end
$$;

comment on function groups.edit_channel_message(uuid, uuid, text) is
  'Changes the text of one''s own message, within 24 hours. Mentions are read anew; nobody is told of new ones. Refuses channel.unknown, channel.not_allowed, group_member.timed_out, thread.locked and what else keeps from writing there; channel_message.unknown, a message of somebody else (channel_message.not_author), one that the group wrote itself or that is too old (channel_message.edit_too_late), and texts as sending does.';

revoke all on function groups.edit_channel_message(uuid, uuid, text) from public;
grant execute on function groups.edit_channel_message(uuid, uuid, text) to stoa_member;

-- Object: groups/functions/join_voice.sql
create or replace function groups.join_voice(p_channel_id uuid)
returns groups.voice_sessions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  member groups.group_members;
  session groups.voice_sessions;
begin
  channel := groups.permitted_channel(p_channel_id, 'CONNECT');
  if channel.type <> 'voice' then
    perform core.fail('channel.wrong_type');
  end if;
  -- Two entries of one person at once wait for each other; a ban that is under way waits for this one.
  perform pg_advisory_xact_lock(hashtextextended('groups.voice:' || me, 0));
  select * into member
  from groups.group_members as target
  where target.group_id = channel.group_id and target.user_id = me
  for key share;
  if not found then
    perform core.fail('channel.not_allowed');
  end if;
  select * into channel
  from groups.channels as target
  where target.id = p_channel_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  update groups.voice_sessions as former
  set left_at = greatest(clock_timestamp(), former.joined_at)
  where former.user_id = me and former.left_at is null;
  if (
    select count(*) from groups.voice_sessions as open_one where open_one.channel_id = p_channel_id and open_one.left_at is null
  ) >= channel.user_limit and not groups.can(p_channel_id, 'MOVE_MEMBERS') then
    perform core.fail('voice.full');
  end if;
  insert into groups.voice_sessions (group_id, channel_id, user_id, server_mute, server_deaf)
  values (channel.group_id, p_channel_id, me, member.mute, member.deaf)
  returning * into session;
  return session;
end
$$;

comment on function groups.join_voice(uuid) is
  'Enters a voice channel; wherever else the caller was, they leave. Needs CONNECT (channel.not_allowed). Refuses channel.unknown, a channel that is not for voice (channel.wrong_type), and a full one (voice.full; MOVE_MEMBERS is exempt). Counted under the lock of the channel, so that it never holds more than it may.';

revoke all on function groups.join_voice(uuid) from public;
grant execute on function groups.join_voice(uuid) to stoa_member;

-- Object: groups/functions/react.sql
create or replace function groups.react(p_channel_id uuid, p_message_id uuid, p_emoji text)
returns groups.message_reactions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  custom_id uuid;
  symbol text;
  reaction groups.message_reactions;
begin
  channel := groups.permitted_channel(p_channel_id, 'ADD_REACTIONS');
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  custom_id := groups.check_emoji(channel.group_id, p_channel_id, p_emoji);
  symbol := case when custom_id is null then p_emoji else 'custom:' || custom_id end;
  -- Without the channel's lock: reactions to one message queue up here, those to others pass.
  perform
  from groups.channel_messages as message
  where message.channel_id = p_channel_id and message.id = p_message_id and message.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;
  if (
    select count(distinct known.emoji) filter (where known.emoji <> symbol)
    from groups.message_reactions as known
    where known.channel_id = p_channel_id and known.message_id = p_message_id
  ) >= 20 then
    perform core.fail('channel_reaction.limit_reached');
  end if;
  insert into groups.message_reactions as known (channel_id, message_id, emoji, custom_emoji_id, user_id)
  values (p_channel_id, p_message_id, symbol, custom_id, me)
  on conflict (channel_id, message_id, emoji, user_id) do update
  set emoji = known.emoji
  returning * into reaction;
  return reaction;
end
$$;

comment on function groups.react(uuid, uuid, text) is
  E'@name react_to_channel_message\nAnswers a message with an emoji: of Unicode, or custom:<id>. Twice changes nothing. Needs ADD_REACTIONS and READ_HISTORY (channel.not_allowed). Refuses channel.unknown, channel_message.unknown, what is no emoji (channel_reaction.emoji_invalid), and a 21st emoji on one message (channel_reaction.limit_reached).';

revoke all on function groups.react(uuid, uuid, text) from public;
grant execute on function groups.react(uuid, uuid, text) to stoa_member;

-- Object: groups/functions/rename_thread.sql
create or replace function groups.rename_thread(p_thread_id uuid, p_name text)
returns groups.channels
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
begin
  perform groups.locked_thread(p_thread_id, true);
  update groups.channels as target
  set name = core.clean_text(p_name, 100)
  where target.id = p_thread_id
  returning * into channel;
  return channel;
end
$$;

comment on function groups.rename_thread(uuid, text) is
  'Renames a thread. Whoever started it, or holds MANAGE_THREADS (channel.not_allowed). Refuses channel.unknown and thread.unknown. Limit: 100 characters.';

revoke all on function groups.rename_thread(uuid, text) from public;
grant execute on function groups.rename_thread(uuid, text) to stoa_member;

-- Object: groups/functions/restore_channel_message.sql
create or replace function groups.restore_channel_message(p_channel_id uuid, p_message_id uuid)
returns groups.channel_messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  message groups.channel_messages;
begin
  perform groups.visible_channel(p_channel_id);
  perform from groups.channels as channel where channel.id = p_channel_id for no key update;
  select * into message
  from groups.channel_messages as target
  where target.channel_id = p_channel_id and target.id = p_message_id and target.deleted_by = me
  for no key update;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;
  if message.deleted_at <= now() - interval '30 days' then
    perform core.fail('channel_message.restore_too_late');
  end if;
  update groups.channel_messages as target
  set deleted_at = null,
      deleted_by = null
  where target.channel_id = p_channel_id and target.id = p_message_id
  returning * into message;
  return message;
end
$$;

comment on function groups.restore_channel_message(uuid, uuid) is
  'Brings a deleted message back, within 30 days; only whoever deleted it (else channel_message.unknown). Refuses channel.unknown and a message deleted too long ago (channel_message.restore_too_late).';

revoke all on function groups.restore_channel_message(uuid, uuid) from public;
grant execute on function groups.restore_channel_message(uuid, uuid) to stoa_member;

-- Object: groups/functions/send_channel_message.sql
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
  'Writes a message into a channel or thread. People are mentioned as <@id>, roles as <@&id>, channels as <#id>, everybody as @everyone; mentions that the reader of the channel could not follow, or that the sender may not make, stay text. reply_to_id: a message of this channel, whose author is told. upload_ids: up to ten own finished uploads (needs ATTACH_FILES). tts needs SEND_TTS. key: send the same again after a lost answer and get the same message. Writing into an archived thread brings it back, and follows it. Refuses channel.unknown, channel.not_allowed, group_member.timed_out, channel.wrong_type, thread.locked, group.verification_required; in slow mode a message too soon (channel.slow_mode, with the seconds to wait; BYPASS_SLOWMODE and MANAGE_MESSAGES are exempt); an empty message (input.empty), one over 8,000 characters (input.too_long), more than 50 mentions (channel_message.too_many_mentions), uploads that cannot be used (channel_message.upload_unusable), and an unknown reply_to_id (channel_message.unknown). Messages of one channel queue up at it; cost does not grow with its readers.';

revoke all on function groups.send_channel_message(uuid, text, uuid, uuid[], boolean, text) from public;
grant execute on function groups.send_channel_message(uuid, text, uuid, uuid[], boolean, text) to stoa_member;

-- Object: groups/functions/start_thread.sql
create or replace function groups.start_thread(
  p_channel_id uuid,
  p_name text,
  p_message_id uuid default null,
  p_auto_archive_minutes integer default null
)
returns groups.threads
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  parent groups.channels;
  home uuid;
  thread groups.threads;
begin
  parent := groups.permitted_channel(p_channel_id, 'CREATE_THREADS');
  if parent.type not in ('text', 'announcement') then
    perform core.fail('channel.wrong_type');
  end if;
  if p_auto_archive_minutes not in (60, 1440, 4320, 10080) then
    perform core.fail('input.malformed');
  end if;
  -- Two threads from one message at once: the second waits here, and then sees the first.
  perform from groups.channels as channel where channel.id = p_channel_id and channel.deleted_at is null for no key update;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  if p_message_id is not null then
    perform groups.locked_message(p_channel_id, p_message_id);
    perform
    from groups.threads as known
    where known.parent_channel_id = p_channel_id and known.root_message_id = p_message_id;
    if found then
      perform core.fail('thread.exists');
    end if;
  end if;
  insert into groups.channels (group_id, parent_channel_id, type, name, nsfw, slowmode_seconds)
  values (parent.group_id, p_channel_id, 'thread', core.clean_text(p_name, 100), parent.nsfw, parent.slowmode_seconds)
  returning id into home;
  insert into groups.threads (channel_id, parent_channel_id, root_message_id, owner_id, auto_archive_minutes)
  values (
    home, p_channel_id, p_message_id, me, coalesce(p_auto_archive_minutes, parent.default_auto_archive_minutes, 1440)
  )
  returning * into thread;
  insert into groups.thread_members (channel_id, user_id) values (home, me);
  perform groups.append_message(
    p_channel_id, 'thread_created', p_metadata => jsonb_build_object('thread_id', home, 'user_id', me)
  );
  return thread;
end
$$;

comment on function groups.start_thread(uuid, text, uuid, integer) is
  'Starts a thread in a text or announcement channel, from one of its messages or by itself, and follows it. It has the slow mode of its channel. auto_archive_minutes: 60, 1440, 4320 or 10080 of silence until it is archived. Needs CREATE_THREADS (channel.not_allowed). Refuses channel.unknown, other channels (channel.wrong_type), channel_message.unknown, a message that has a thread (thread.exists), other spans (input.malformed), group_member.timed_out. Limit: name 100 characters.';

revoke all on function groups.start_thread(uuid, text, uuid, integer) from public;
grant execute on function groups.start_thread(uuid, text, uuid, integer) to stoa_member;

-- End of objects
