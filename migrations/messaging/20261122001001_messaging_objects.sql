-- Why: what is defined in sql/messaging: 54 functions, 4 triggers, policies of 6 tables, as they stand under sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on messaging.conversation_participants, messaging.conversations,
--   messaging.message_attachments, messaging.message_reactions, messaging.messages (policies); SHARE ROW
--   EXCLUSIVE, for an instant, on messaging.conversation_participants, messaging.conversations,
--   messaging.messages, core.users (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: messaging/functions/add_participants.sql
create or replace function messaging.add_participants(p_conversation_id uuid, p_user_ids uuid[])
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations := messaging.lock_group(p_conversation_id);
  others constant uuid[] := array(
    select distinct wanted.id
    from unnest(p_user_ids) as wanted (id)
    where not exists (
      select
      from messaging.conversation_participants as participant
      where participant.conversation_id = p_conversation_id
        and participant.user_id = wanted.id
        and participant.left_at is null
    )
  );
begin
  if cardinality(others) = 0 then
    return conversation;
  end if;
  if cardinality(others) > core.setting_integer('messages.group_size') - (
    select count(*)
    from messaging.conversation_participants as participant
    where participant.conversation_id = p_conversation_id
      and participant.left_at is null
  ) then
    perform core.fail('conversation.size_invalid');
  end if;
  perform messaging.check_friends(others);

  perform messaging.tell(
    p_conversation_id, me, 'added',
    jsonb_build_object('user_ids', messaging.add_people(conversation, others))
  );
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.add_participants(uuid, uuid[]) is
  'Adds friends of the caller to a group that the caller owns; those who are in it already stay as they are. They see what is said from now on, also when they were in it before. Refuses conversation.unknown, conversation.direct, conversation.not_owner, conversation.not_friends, conversation.size_invalid.';

revoke all on function messaging.add_participants(uuid, uuid[]) from public;
grant execute on function messaging.add_participants(uuid, uuid[]) to stoa_member;

-- Object: messaging/functions/add_people.sql
create or replace function messaging.add_people(p_conversation messaging.conversations, p_user_ids uuid[])
returns uuid[]
language sql
volatile
set search_path = ''
begin atomic
  with added as (
    insert into messaging.conversation_participants as participant (
      conversation_id, user_id, history_from_id, last_read_seq, last_read_message_id
    )
    select
      p_conversation.id, wanted.id, p_conversation.last_message_id, p_conversation.last_seq, p_conversation.last_message_id
    from unnest(p_user_ids) as wanted (id)
    order by wanted.id
    on conflict (conversation_id, user_id) do update
    set left_at = null,
        joined_at = now(),
        hidden_seq = null,
        history_from_id = excluded.history_from_id,
        last_read_seq = excluded.last_read_seq,
        last_read_message_id = excluded.last_read_message_id,
        muted = false,
        muted_until = null
    where participant.left_at is not null
    returning participant.user_id
  )
  select coalesce(array_agg(added.user_id order by added.user_id), '{}'::uuid[])
  from added;
end;

comment on function messaging.add_people(messaging.conversations, uuid[]) is
  'Internal. Puts people into a locked group, whoever left before included; they see what is said from now on. Returns those who were not in it.';

revoke all on function messaging.add_people(messaging.conversations, uuid[]) from public;

-- Object: messaging/functions/append_message.sql
create or replace function messaging.append_message(
  p_conversation_id uuid,
  p_sender_id uuid,
  p_type text,
  p_content text,
  p_encrypted boolean default false,
  p_reply_to_id uuid default null
)
returns messaging.messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  conversation messaging.conversations;
  message messaging.messages;
begin
  -- The row stays locked until the commit: the next sender gets number and id only after this message is visible.
  update messaging.conversations as target
  set last_seq = target.last_seq + 1,
      last_message_id = messaging.next_message_id(target.last_message_id),
      last_message_at = greatest(clock_timestamp(), target.last_message_at)
  where target.id = p_conversation_id
  returning * into strict conversation;

  insert into messaging.messages (
    conversation_id, id, seq, sender_id, type, content, encrypted, reply_to_id, expires_at, inserted_at
  )
  values (
    p_conversation_id,
    conversation.last_message_id,
    conversation.last_seq,
    p_sender_id,
    p_type,
    p_content,
    p_encrypted,
    p_reply_to_id,
    case
      when p_type <> 'system' then conversation.last_message_at + make_interval(secs => conversation.message_ttl_seconds)
    end,
    conversation.last_message_at
  )
  returning * into message;

  update messaging.conversation_participants as participant
  set last_read_seq = message.seq,
      last_read_message_id = message.id,
      last_read_at = message.inserted_at
  where participant.conversation_id = p_conversation_id
    and participant.user_id = p_sender_id
    and participant.left_at is null;

  return message;
end
$$;

comment on function messaging.append_message(uuid, uuid, text, text, boolean, uuid) is
  'Internal. Writes the next message of a conversation that the transaction has locked, and moves the marker of its sender there. Everybody else''s number of unread messages follows by itself. Three single-row writes, whatever the number of participants.';

revoke all on function messaging.append_message(uuid, uuid, text, text, boolean, uuid) from public;

-- Object: messaging/functions/attach_uploads.sql
create or replace function messaging.attach_uploads(
  p_message messaging.messages,
  p_upload_ids uuid[],
  p_descriptions text[]
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  attached integer;
begin
  if cardinality(p_upload_ids) > 10 then
    perform core.fail('message.upload_unusable');
  end if;

  -- Locked in the order of their keys, so that none is deleted between the check and the attachment.
  perform
  from media.uploads as upload
  where upload.id = any (p_upload_ids)
  order by upload.id
  for no key update;

  insert into messaging.message_attachments (
    conversation_id, message_id, position, upload_id, filename, content_type, size_bytes, width, height, description
  )
  select
    p_message.conversation_id, p_message.id, file.place - 1,
    upload.id, upload.filename, upload.content_type, upload.size_bytes, upload.width, upload.height,
    core.clean_text(p_descriptions[file.place], 1000, false)
  from unnest(p_upload_ids) with ordinality as file (upload_id, place)
  join media.uploads as upload on upload.id = file.upload_id
  where upload.user_id = p_message.sender_id
    and upload.status = 'ready'
    and upload.deleted_at is null
    and (p_message.type <> 'image' or upload.content_type like 'image/%');
  get diagnostics attached = row_count;
  if attached <> cardinality(p_upload_ids) then
    perform core.fail('message.upload_unusable');
  end if;

  update media.uploads as upload
  set attached_at = now()
  where upload.id = any (p_upload_ids)
    and upload.attached_at is null;
end
$$;

comment on function messaging.attach_uploads(messaging.messages, uuid[], text[]) is
  'Internal. Makes up to ten finished files of the sender the files of a message, in this order, and tells the sweep of orphans to leave them. Refuses others, and anything but pictures in a message of type image (message.upload_unusable).';

revoke all on function messaging.attach_uploads(messaging.messages, uuid[], text[]) from public;

-- Object: messaging/functions/check_friends.sql
create or replace function messaging.check_friends(p_user_ids uuid[])
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if exists (
    select
    from unnest(p_user_ids) as wanted (id)
    where not social.are_friends(core.current_user_id(), wanted.id)
      or not exists (
        select
        from core.users as person
        where person.id = wanted.id
          and person.is_active
          and person.deleted_at is null
          and person.erased_at is null
      )
  ) then
    perform core.fail('conversation.not_friends');
  end if;
end
$$;

comment on function messaging.check_friends(uuid[]) is
  'Internal. Refuses people who are not friends of the caller, or whose account is closed (conversation.not_friends).';

revoke all on function messaging.check_friends(uuid[]) from public;

-- Object: messaging/functions/check_pace.sql
create or replace function messaging.check_pace(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  limit_of_pace constant bigint := core.setting_integer('messages.pace_limit');
  seconds constant bigint := core.setting_integer('messages.pace_seconds');
  sent bigint;
  oldest timestamptz;
begin
  -- Parallel sends of one person to several conversations would all count the same few messages.
  perform pg_advisory_xact_lock(hashtextextended('messaging.pace:' || p_user_id, 0));

  select count(*), min(core.uuidv7_time(recent.id))
  into sent, oldest
  from (
    select message.id
    from messaging.messages as message
    where message.sender_id = p_user_id
      and message.id >= core.uuidv7_floor(clock_timestamp() - make_interval(secs => seconds))
      and message.type <> 'system'
    order by message.id desc
    limit limit_of_pace
  ) as recent;

  if sent >= limit_of_pace then
    perform core.fail(
      'message.too_fast',
      greatest(1, ceil(extract(epoch from oldest + make_interval(secs => seconds) - clock_timestamp())))::integer
    );
  end if;
end
$$;

comment on function messaging.check_pace(uuid) is
  'Internal. Refuses one more message of somebody who has sent messages.pace_limit of them within messages.pace_seconds (message.too_fast, with the seconds to wait), and lets one of their sends through at a time. One short range of an index.';

revoke all on function messaging.check_pace(uuid) from public;

-- Object: messaging/functions/check_pair.sql
create or replace function messaging.check_pair(p_conversation messaging.conversations)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_conversation.kind <> 'direct' then
    return;
  end if;

  -- A block takes the same lock: once it has committed, nothing of the other side arrives any more.
  perform social.lock_pair(p_conversation.user_low, p_conversation.user_high);
  if social.is_blocked(p_conversation.user_low, p_conversation.user_high) then
    perform core.fail('conversation.refused');
  end if;
end
$$;

comment on function messaging.check_pair(messaging.conversations) is
  'Internal. Refuses a direct conversation of two people of whom one blocks the other (conversation.refused), and holds off a block until the transaction ends. Groups pass.';

revoke all on function messaging.check_pair(messaging.conversations) from public;

-- Object: messaging/functions/clean_emoji.sql
create or replace function messaging.clean_emoji(p_emoji text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  emoji constant text := core.clean_text(p_emoji, 100);
  one constant text :=
    '[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]'
    '[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*';
  is_known boolean := false;
begin
  if emoji like 'custom:%' then
    if emoji ~ '^custom:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and to_regclass('groups.custom_emojis') is not null then
      -- The module of groups may be left out.
      execute 'select exists (select from groups.custom_emojis where id = $1)' into is_known using substr(emoji, 8)::uuid;
    end if;
  else
    -- A keycap, a flag, or pictographs joined by zero-width joiners.
    is_known := emoji ~ ('^([0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{2}|' || one || '(\u200d' || one || ')*)$');
  end if;
  if not is_known then
    perform core.fail('message.emoji_invalid');
  end if;
  return emoji;
end
$$;

comment on function messaging.clean_emoji(text) is
  'Internal. One Unicode emoji, or custom: and the identifier of a custom emoji that exists. Refuses anything else (message.emoji_invalid).';

revoke all on function messaging.clean_emoji(text) from public;

-- Object: messaging/functions/clear_history.sql
create or replace function messaging.clear_history(p_conversation_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
begin
  select * into conversation from messaging.conversations as candidate where candidate.id = p_conversation_id;
  update messaging.conversation_participants as participant
  set history_from_id = greatest(participant.history_from_id, conversation.last_message_id),
      last_read_message_id = greatest(participant.last_read_message_id, conversation.last_message_id),
      last_read_seq = greatest(participant.last_read_seq, conversation.last_seq)
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me
    and participant.left_at is null;
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  return conversation;
end
$$;

comment on function messaging.clear_history(uuid) is
  E'@name clear_conversation\nHides everything said so far from the caller, for good; the others keep it. Refuses conversation.unknown.';

revoke all on function messaging.clear_history(uuid) from public;
grant execute on function messaging.clear_history(uuid) to stoa_member;

-- Object: messaging/functions/conversations_is_group.sql
create or replace function messaging.conversations_is_group(p_conversation messaging.conversations)
returns boolean
language sql
immutable
begin atomic
  select p_conversation.kind = 'group';
end;

comment on function messaging.conversations_is_group(messaging.conversations) is
  'Whether it is a group and not the conversation of a pair.';

revoke all on function messaging.conversations_is_group(messaging.conversations) from public;
grant execute on function messaging.conversations_is_group(messaging.conversations) to stoa_member;

-- Object: messaging/functions/is_muted.sql
create or replace function messaging.is_muted(p_participant messaging.conversation_participants)
returns boolean
language sql
stable
begin atomic
  select p_participant.muted and (p_participant.muted_until is null or p_participant.muted_until > now());
end;

comment on function messaging.is_muted(messaging.conversation_participants) is
  'Internal. Whether a participant wants no notifications now.';

revoke all on function messaging.is_muted(messaging.conversation_participants) from public;

-- Object: messaging/functions/conversations_is_muted.sql
create or replace function messaging.conversations_is_muted(p_conversation messaging.conversations)
returns boolean
language sql
stable
-- What somebody mutes is not for the others to see.
security definer
set search_path = ''
begin atomic
  select messaging.is_muted(participant)
  from messaging.conversation_participants as participant
  where participant.conversation_id = p_conversation.id
    and participant.user_id = core.current_user_id()
    and participant.left_at is null;
end;

comment on function messaging.conversations_is_muted(messaging.conversations) is
  'Whether the caller has muted it and that is not over. One look-up by primary key.';

revoke all on function messaging.conversations_is_muted(messaging.conversations) from public;
grant execute on function messaging.conversations_is_muted(messaging.conversations) to stoa_member;

-- Object: messaging/functions/conversations_last_message.sql
create or replace function messaging.conversations_last_message(p_conversation messaging.conversations)
returns messaging.messages
language sql
stable
begin atomic
  select message.*
  from messaging.messages as message
  where message.conversation_id = p_conversation.id
    and message.id <= p_conversation.last_message_id
  order by message.id desc
  limit 1;
end;

comment on function messaging.conversations_last_message(messaging.conversations) is
  'The newest message that the caller sees, under row-level security; null when there is none. The end of one range of the primary key.';

revoke all on function messaging.conversations_last_message(messaging.conversations) from public;
grant execute on function messaging.conversations_last_message(messaging.conversations) to stoa_member;

-- Object: messaging/functions/conversations_other_user_id.sql
create or replace function messaging.conversations_other_user_id(p_conversation messaging.conversations)
returns uuid
language sql
stable
begin atomic
  select case
    when p_conversation.user_low = core.current_user_id() then p_conversation.user_high
    else p_conversation.user_low
  end;
end;

comment on function messaging.conversations_other_user_id(messaging.conversations) is
  'The other side of a direct conversation; null for a group.';

revoke all on function messaging.conversations_other_user_id(messaging.conversations) from public;
grant execute on function messaging.conversations_other_user_id(messaging.conversations) to stoa_member;

-- Object: messaging/functions/is_participant.sql
create or replace function messaging.is_participant(p_conversation_id uuid)
returns boolean
language sql
stable
-- Also asked where the caller may not read the participants.
security definer
set search_path = ''
begin atomic
  select exists (
    select
    from messaging.conversation_participants as participant
    where participant.conversation_id = p_conversation_id
      and participant.user_id = core.current_user_id()
      and participant.left_at is null
  );
end;

comment on function messaging.is_participant(uuid) is
  E'@internal\n@behavior -*\nWhether the caller is in a conversation now. One look-up by primary key.';

revoke all on function messaging.is_participant(uuid) from public;
grant execute on function messaging.is_participant(uuid) to stoa_member;

-- Object: messaging/functions/conversations_read_receipts.sql
create or replace function messaging.conversations_read_receipts(p_conversation messaging.conversations)
returns table (user_id uuid, message_id uuid)
language sql
stable
rows 10
-- The markers have no grant, and settings are private: both are read for this one answer.
security definer
set search_path = ''
begin atomic
  select participant.user_id, participant.last_read_message_id
  from messaging.conversation_participants as participant
  where participant.conversation_id = p_conversation.id
    and participant.left_at is null
    and messaging.is_participant(p_conversation.id)
    and (
      participant.user_id = core.current_user_id()
      or not exists (
        select
        from core.user_settings as settings
        where settings.user_id in (participant.user_id, core.current_user_id())
          and settings.privacy -> 'read_receipts' = 'false'::jsonb
      )
    )
  order by participant.user_id;
end;

comment on function messaging.conversations_read_receipts(messaging.conversations) is
  E'@simpleCollections only\nHow far each person in the conversation has read: the message that their marker stands at, null for nothing. People who have switched read receipts off (privacy setting read_receipts: false) are left out, and who has done so sees only their own marker. One range of the primary key.';

revoke all on function messaging.conversations_read_receipts(messaging.conversations) from public;
grant execute on function messaging.conversations_read_receipts(messaging.conversations) to stoa_member;

-- Object: messaging/functions/count_unread.sql
create or replace function messaging.count_unread(p_conversation_id uuid, p_above uuid, p_up_to uuid)
returns bigint
language sql
stable
begin atomic
  select count(*)
  from messaging.messages as message
  where message.conversation_id = p_conversation_id
    and message.id > coalesce(p_above, '00000000-0000-0000-0000-000000000000')
    and message.id <= p_up_to
    and (message.expires_at is null or message.expires_at > now());
end;

comment on function messaging.count_unread(uuid, uuid, uuid) is
  'Internal. How many messages of a conversation lie above a marker and have not disappeared: one range of the primary key.';

revoke all on function messaging.count_unread(uuid, uuid, uuid) from public;

-- Object: messaging/functions/conversations_unread_count.sql
create or replace function messaging.conversations_unread_count(p_conversation messaging.conversations)
returns bigint
language sql
stable
-- How far somebody has read is not for the others to see.
security definer
set search_path = ''
begin atomic
  select
    case
      when p_conversation.has_disappearing then
        messaging.count_unread(p_conversation.id, participant.last_read_message_id, p_conversation.last_message_id)
      else p_conversation.last_seq - participant.last_read_seq
    end
  from messaging.conversation_participants as participant
  where participant.conversation_id = p_conversation.id
    and participant.user_id = core.current_user_id()
    and participant.left_at is null;
end;

comment on function messaging.conversations_unread_count(messaging.conversations) is
  'How many messages the caller has not read, deleted ones among them. Own messages are read. A subtraction after one look-up by primary key; where messages disappear, they are counted.';

revoke all on function messaging.conversations_unread_count(messaging.conversations) from public;
grant execute on function messaging.conversations_unread_count(messaging.conversations) to stoa_member;

-- Object: messaging/functions/delete_message.sql
create or replace function messaging.delete_message(p_conversation_id uuid, p_message_id uuid)
returns messaging.messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation constant messaging.conversations := messaging.lock_conversation(p_conversation_id);
  message messaging.messages := messaging.lock_message(p_conversation_id, p_message_id);
begin
  if message.type = 'system' then
    perform core.fail('message.system');
  end if;
  if message.sender_id is distinct from me and conversation.owner_id is distinct from me then
    perform core.fail('message.not_author');
  end if;
  if message.deleted_at is not null then
    perform core.fail('message.already_deleted');
  end if;

  insert into messaging.removed_texts (conversation_id, message_id, content)
  values (p_conversation_id, p_message_id, message.content);
  update messaging.messages as target
  set content = '',
      deleted_at = now(),
      deleted_by = me
  where target.conversation_id = p_conversation_id
    and target.id = p_message_id
  returning * into message;
  return message;
end
$$;

comment on function messaging.delete_message(uuid, uuid) is
  'Deletes an own message, or any message of a group that the caller owns. It stays as a tombstone in its place, without text, files and reactions, and counts as unread where it was; whoever deleted it can restore it for 30 days. Refuses conversation.unknown, message.unknown, message.system, message.not_author and message.already_deleted.';

revoke all on function messaging.delete_message(uuid, uuid) from public;
grant execute on function messaging.delete_message(uuid, uuid) to stoa_member;

-- Object: messaging/functions/edit_message.sql
create or replace function messaging.edit_message(p_conversation_id uuid, p_message_id uuid, p_content text)
returns messaging.messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
  message messaging.messages;
  new_content text;
begin
  select * into conversation
  from messaging.conversations as candidate
  where candidate.id = p_conversation_id
    and messaging.is_participant(p_conversation_id);
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  -- An edit reaches the other side like a message.
  perform messaging.check_pair(conversation);
  message := messaging.lock_message(p_conversation_id, p_message_id);
  if message.type = 'system' then
    perform core.fail('message.system');
  end if;
  if message.sender_id is distinct from me then
    perform core.fail('message.not_author');
  end if;
  if message.deleted_at is not null then
    perform core.fail('message.deleted');
  end if;
  if message.inserted_at < now() - make_interval(hours => core.setting_integer('messages.edit_hours')::integer) then
    perform core.fail('message.edit_too_late');
  end if;

  new_content := coalesce(
    core.clean_text(
      p_content,
      case when message.encrypted then 32768 else 8000 end,
      not exists (
        select
        from messaging.message_attachments as file
        where file.conversation_id = p_conversation_id
          and file.message_id = p_message_id
      )
    ),
    ''
  );
  if new_content <> message.content then
    update messaging.messages as target
    set content = new_content,
        edited_at = now()
    where target.conversation_id = p_conversation_id
      and target.id = p_message_id
    returning * into message;
  end if;
  return message;
end
$$;

comment on function messaging.edit_message(uuid, uuid, text) is
  'Changes the text of an own message, for 24 hours (setting messages.edit_hours). Refuses conversation.unknown, conversation.refused, message.unknown, message.system, message.not_author, message.deleted, message.edit_too_late, input.empty (a message with files may lose its text) and input.too_long.';

revoke all on function messaging.edit_message(uuid, uuid, text) from public;
grant execute on function messaging.edit_message(uuid, uuid, text) to stoa_member;

-- Object: messaging/functions/feed.sql
create or replace function messaging.feed(
  p_conversation_id uuid,
  p_before uuid default null,
  p_after uuid default null,
  p_first integer default 50
)
returns setof messaging.messages
language plpgsql
stable
rows 50
set search_path = ''
as $$
declare
  newest uuid;
  page constant integer := messaging.page_size(p_first, 50);
begin
  select conversation.last_message_id into newest
  from messaging.conversations as conversation
  where conversation.id = p_conversation_id;
  if not found then
    perform core.fail('conversation.unknown');
  end if;

  if p_after is not null then
    return query
      select message.*
      from messaging.messages as message
      where message.conversation_id = p_conversation_id
        and message.id > p_after
        and message.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by message.id
      limit page;
    return;
  end if;

  -- Partitions newer than the newest message are not even opened: a quiet conversation costs no more than a busy one.
  return query
    select message.*
    from messaging.messages as message
    where message.conversation_id = p_conversation_id
      and message.id <= newest
      and message.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by message.id desc
    limit page;
end
$$;

comment on function messaging.feed(uuid, uuid, uuid, integer) is
  E'@name conversation_feed\n@simpleCollections only\nOne page of a conversation. Without bounds the newest messages, newest first; before: the page that is older than this message; after: what came since this message, oldest first, for polling: nothing is ever missed, because ids become visible in their order. first: 1 to 100. Deleted messages are tombstones without text. Runs with the rights of the caller. One range of the primary key, as cheap deep in the history as at its end. Refuses conversation.unknown.';

revoke all on function messaging.feed(uuid, uuid, uuid, integer) from public;
grant execute on function messaging.feed(uuid, uuid, uuid, integer) to stoa_member;

-- Object: messaging/functions/hide.sql
create or replace function messaging.hide(p_conversation_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
begin
  select * into conversation from messaging.conversations as candidate where candidate.id = p_conversation_id;
  -- By number, not by time: a message that commits at this moment is newer than what the caller saw, and shows.
  update messaging.conversation_participants as participant
  set hidden_seq = conversation.last_seq
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me
    and participant.left_at is null;
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  return conversation;
end
$$;

comment on function messaging.hide(uuid) is
  E'@name hide_conversation\nTakes a conversation out of the caller''s inbox until the next message in it, or until they start it again. Refuses conversation.unknown.';

revoke all on function messaging.hide(uuid) from public;
grant execute on function messaging.hide(uuid) to stoa_member;

-- Object: messaging/functions/page_size.sql
create or replace function messaging.page_size(p_first integer, p_default integer)
returns integer
language sql
immutable
begin atomic
  select least(greatest(coalesce(p_first, p_default), 1), 100);
end;

comment on function messaging.page_size(integer, integer) is
  E'@internal\n@behavior -*\nHow many rows a page has: what was asked for, from 1 to 100.';

revoke all on function messaging.page_size(integer, integer) from public;
grant execute on function messaging.page_size(integer, integer) to stoa_member;

-- Object: messaging/functions/inbox.sql
create or replace function messaging.inbox(
  p_before timestamptz default null,
  p_before_id uuid default null,
  p_first integer default 25
)
returns setof messaging.conversations
language sql
stable
rows 25
-- Who has hidden a conversation is not for the others to see.
security definer
set search_path = ''
begin atomic
  select conversation.*
  from messaging.conversation_participants as participant
  join messaging.conversations as conversation on conversation.id = participant.conversation_id
  where participant.user_id = core.current_user_id()
    and participant.left_at is null
    and (participant.hidden_seq is null or conversation.last_seq > participant.hidden_seq)
    and (
      p_before is null
      or coalesce(conversation.last_message_at, conversation.inserted_at) < p_before
      or (
        coalesce(conversation.last_message_at, conversation.inserted_at) = p_before
        and conversation.id < p_before_id
      )
    )
  order by coalesce(conversation.last_message_at, conversation.inserted_at) desc, conversation.id desc
  limit messaging.page_size(p_first, 25);
end;

comment on function messaging.inbox(timestamptz, uuid, integer) is
  E'@simpleCollections only\nThe caller''s conversations, the one with the newest message first, without hidden ones. first: 1 to 100. before and before_id: lastMessageAt (insertedAt where there is no message yet) and id of the last conversation of the page before. One index range, a row for each conversation, and a sort of those.';

revoke all on function messaging.inbox(timestamptz, uuid, integer) from public;
grant execute on function messaging.inbox(timestamptz, uuid, integer) to stoa_member;

-- Object: messaging/functions/leave.sql
create or replace function messaging.leave(p_conversation_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations := messaging.lock_group(p_conversation_id, false);
begin
  perform messaging.tell(
    p_conversation_id, me, 'left',
    jsonb_strip_nulls(jsonb_build_object('owner_id', messaging.take_out(conversation, me)))
  );
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.leave(uuid) is
  E'@name leave_conversation\nLeaves a group: the caller no longer reads it, what they wrote stays. An owner who leaves hands it to the longest-standing of the others. Refuses conversation.unknown and conversation.direct: hide that one instead.';

revoke all on function messaging.leave(uuid) from public;
grant execute on function messaging.leave(uuid) to stoa_member;

-- Object: messaging/functions/leave_when_erased.sql
create or replace function messaging.leave_when_erased()
returns trigger
language plpgsql
-- Erasing a person is not a right over conversations.
security definer
set search_path = ''
as $$
declare
  conversation messaging.conversations;
begin
  for conversation in
    select candidate.*
    from messaging.conversations as candidate
    where candidate.kind = 'group'
      and candidate.id in (
        select participant.conversation_id
        from messaging.conversation_participants as participant
        where participant.user_id = new.id
          and participant.left_at is null
      )
    order by candidate.id
    for no key update
  loop
    perform messaging.tell(
      conversation.id, new.id, 'left',
      jsonb_strip_nulls(jsonb_build_object('owner_id', messaging.take_out(conversation, new.id)))
    );
  end loop;
  return null;
end
$$;

comment on function messaging.leave_when_erased() is
  'Trigger. An erased person leaves their groups; those that they owned go to the longest-standing of the others. Groups are locked in the order of their ids.';

revoke all on function messaging.leave_when_erased() from public;

-- Object: messaging/functions/lock_conversation.sql
create or replace function messaging.lock_conversation(p_conversation_id uuid)
returns messaging.conversations
language plpgsql
volatile
set search_path = ''
as $$
declare
  conversation messaging.conversations;
begin
  -- Asked before as well, so that a stranger cannot hold the row up.
  if messaging.is_participant(p_conversation_id) then
    select * into conversation
    from messaging.conversations as candidate
    where candidate.id = p_conversation_id
    for no key update;
  end if;

  -- And again: the owner may have removed the caller while they waited.
  if conversation.id is null or not messaging.is_participant(p_conversation_id) then
    perform core.fail('conversation.unknown');
  end if;
  return conversation;
end
$$;

comment on function messaging.lock_conversation(uuid) is
  'Internal. The conversation, locked against sends and changes of its people until the transaction ends. Refuses one that the caller is not in (conversation.unknown).';

revoke all on function messaging.lock_conversation(uuid) from public;

-- Object: messaging/functions/lock_group.sql
create or replace function messaging.lock_group(p_conversation_id uuid, p_as_owner boolean default true)
returns messaging.conversations
language plpgsql
volatile
set search_path = ''
as $$
declare
  conversation constant messaging.conversations := messaging.lock_conversation(p_conversation_id);
begin
  if conversation.kind <> 'group' then
    perform core.fail('conversation.direct');
  end if;
  if p_as_owner and conversation.owner_id is distinct from core.current_user_id() then
    perform core.fail('conversation.not_owner');
  end if;
  return conversation;
end
$$;

comment on function messaging.lock_group(uuid, boolean) is
  'Internal. Like messaging.lock_conversation, for what only groups have (conversation.direct) and, unless told otherwise, only their owner may do (conversation.not_owner).';

revoke all on function messaging.lock_group(uuid, boolean) from public;

-- Object: messaging/functions/lock_message.sql
create or replace function messaging.lock_message(p_conversation_id uuid, p_message_id uuid)
returns messaging.messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  participant messaging.conversation_participants;
  message messaging.messages;
begin
  -- Shared: their removal from the group waits for this, or this for it.
  select * into participant
  from messaging.conversation_participants as candidate
  where candidate.conversation_id = p_conversation_id
    and candidate.user_id = core.current_user_id()
    and candidate.left_at is null
  for share;
  if not found then
    perform core.fail('conversation.unknown');
  end if;

  select * into message
  from messaging.messages as candidate
  where candidate.conversation_id = p_conversation_id
    and candidate.id = p_message_id
    and (candidate.expires_at is null or candidate.expires_at > now())
    and (participant.history_from_id is null or candidate.id > participant.history_from_id)
  for no key update;
  if not found then
    perform core.fail('message.unknown');
  end if;
  return message;
end
$$;

comment on function messaging.lock_message(uuid, uuid) is
  'Internal. A message that the caller sees, locked until the transaction ends. Refuses conversation.unknown and message.unknown.';

revoke all on function messaging.lock_message(uuid, uuid) from public;

-- Object: messaging/functions/mark_read.sql
create or replace function messaging.mark_read(p_conversation_id uuid, p_up_to uuid default null)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the marker only moves forward.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
  marker record;
begin
  select * into conversation
  from messaging.conversations as candidate
  where candidate.id = p_conversation_id
    and messaging.is_participant(p_conversation_id);
  if not found then
    perform core.fail('conversation.unknown');
  end if;

  if p_up_to is null then
    select conversation.last_seq as seq, conversation.last_message_id as id into marker;
  else
    select message.seq, message.id into marker
    from messaging.messages as message
    join messaging.conversation_participants as participant
      on participant.conversation_id = message.conversation_id
     and participant.user_id = me
    where message.conversation_id = p_conversation_id
      and message.id = p_up_to
      and (participant.history_from_id is null or message.id > participant.history_from_id);
    if not found then
      perform core.fail('message.unknown');
    end if;
  end if;

  -- Whoever waited for the row compares with what is there then: the marker never goes back.
  update messaging.conversation_participants as participant
  set last_read_seq = marker.seq,
      last_read_message_id = marker.id,
      last_read_at = now()
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me
    and participant.left_at is null
    and participant.last_read_seq < marker.seq;
  return conversation;
end
$$;

comment on function messaging.mark_read(uuid, uuid) is
  E'@name mark_conversation_read\nMoves the caller''s marker forward: everything up to a message is read, or everything that there is when no message is named. Moving it back does nothing. Refuses conversation.unknown and message.unknown. One row is written, no message is counted.';

revoke all on function messaging.mark_read(uuid, uuid) from public;
grant execute on function messaging.mark_read(uuid, uuid) to stoa_member;

-- Object: messaging/functions/messages_is_sender_blocked.sql
create or replace function messaging.messages_is_sender_blocked(p_message messaging.messages)
returns boolean
language sql
stable
begin atomic
  select exists (
    select
    from social.blocks as block
    where block.blocker_id = core.current_user_id()
      and block.blocked_id = p_message.sender_id
  );
end;

comment on function messaging.messages_is_sender_blocked(messaging.messages) is
  'Whether the caller blocks who wrote it: in a group such messages are shown folded, not hidden. One look-up by primary key, under row-level security.';

revoke all on function messaging.messages_is_sender_blocked(messaging.messages) from public;
grant execute on function messaging.messages_is_sender_blocked(messaging.messages) to stoa_member;

-- Object: messaging/functions/messages_reaction_counts.sql
create or replace function messaging.messages_reaction_counts(p_message messaging.messages)
returns table (emoji text, amount bigint, is_mine boolean)
language sql
stable
rows 5
begin atomic
  select reaction.emoji::text, count(*), bool_or(reaction.user_id = core.current_user_id())
  from messaging.message_reactions as reaction
  where reaction.conversation_id = p_message.conversation_id
    and reaction.message_id = p_message.id
  group by reaction.emoji
  order by min(reaction.inserted_at), reaction.emoji;
end;

comment on function messaging.messages_reaction_counts(messaging.messages) is
  E'@simpleCollections only\nHow many people gave which emoji, in the order in which they came, and whether the caller is among them. One range of the primary key, under row-level security.';

revoke all on function messaging.messages_reaction_counts(messaging.messages) from public;
grant execute on function messaging.messages_reaction_counts(messaging.messages) to stoa_member;

-- Object: messaging/functions/mute.sql
create or replace function messaging.mute(p_conversation_id uuid, p_until timestamptz default null)
returns messaging.conversations
language plpgsql
volatile
-- Clients do not read these columns; the answer is the conversation.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
begin
  if p_until <= now() then
    perform core.fail('input.malformed');
  end if;
  update messaging.conversation_participants as participant
  set muted = true,
      muted_until = p_until
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me
    and participant.left_at is null;
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  select * into conversation from messaging.conversations as muted where muted.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.mute(uuid, timestamptz) is
  E'@name mute_conversation\nNo notifications from a conversation, and no part in the badge, until a time or for good. Refuses conversation.unknown and a time that has passed (input.malformed).';

revoke all on function messaging.mute(uuid, timestamptz) from public;
grant execute on function messaging.mute(uuid, timestamptz) to stoa_member;

-- Object: messaging/functions/my_conversation_ids.sql
create or replace function messaging.my_conversation_ids()
returns setof uuid
language sql
stable
rows 50
-- The policy of the participants asks this too: as the caller it would ask itself for ever.
security definer
set search_path = ''
as $$
  select participant.conversation_id
  from messaging.conversation_participants as participant
  where participant.user_id = core.current_user_id()
    and participant.left_at is null
$$;

comment on function messaging.my_conversation_ids() is
  E'@internal\n@behavior -*\nThe conversations that the caller is in, for policies: write conversation_id = any (array(select messaging.my_conversation_ids())), which is computed once a statement. One index range.';

revoke all on function messaging.my_conversation_ids() from public;
grant execute on function messaging.my_conversation_ids() to stoa_member;

-- Object: messaging/functions/my_history_starts.sql
create or replace function messaging.my_history_starts()
returns jsonb
language sql
stable
-- From where somebody reads is not for the others to see.
security definer
set search_path = ''
begin atomic
  select coalesce(jsonb_object_agg(participant.conversation_id, participant.history_from_id), '{}')
  from messaging.conversation_participants as participant
  where participant.user_id = core.current_user_id()
    and participant.left_at is null
    and participant.history_from_id is not null;
end;

comment on function messaging.my_history_starts() is
  E'@internal\n@behavior -*\nFor the policy of the messages: by conversation, the last message that is hidden from the caller, who joined later or cleared the history. Written as (select messaging.my_history_starts()), it is computed once a statement. One index range.';

revoke all on function messaging.my_history_starts() from public;
grant execute on function messaging.my_history_starts() to stoa_member;

-- Object: messaging/functions/next_message_id.sql
create or replace function messaging.next_message_id(p_last uuid)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  fresh constant uuid := core.uuidv7();
  digits constant text := replace(p_last::text, '-', '');
  below bigint;
begin
  if p_last is null or fresh > p_last then
    return fresh;
  end if;

  -- The clock went back, or two sends fell into one tick: count on. 60 of the random bits are digits of their own.
  below := ('x' || right(digits, 15))::bit(60)::bigint;
  if below = 1152921504606846975 then
    return core.uuidv7_floor(core.uuidv7_time(p_last) + interval '1 millisecond');
  end if;
  return (left(digits, 17) || lpad(to_hex(below + 1), 15, '0'))::uuid;
end
$$;

comment on function messaging.next_message_id(uuid) is
  'Internal. A new time-ordered identifier above the last one of a conversation, whatever the clock does. Call it while the row of the conversation is locked.';

revoke all on function messaging.next_message_id(uuid) from public;

-- Object: messaging/functions/notify_participants.sql
create or replace function messaging.notify_participants(p_conversation_id uuid, p_message_id uuid)
returns integer
language plpgsql
volatile
-- Rings other people's bells.
security definer
set search_path = ''
as $$
declare
  message messaging.messages;
  conversation messaging.conversations;
  sender_name text;
  listener record;
  told integer := 0;
begin
  select * into message
  from messaging.messages as candidate
  where candidate.conversation_id = p_conversation_id
    and candidate.id = p_message_id
    and candidate.deleted_at is null
    and (candidate.expires_at is null or candidate.expires_at > now());
  if not found then
    return 0;
  end if;
  select * into conversation from messaging.conversations as candidate where candidate.id = p_conversation_id;
  select coalesce(person.display_name, person.username::text, 'Somebody') into sender_name
  from core.users as person
  where person.id = message.sender_id;

  for listener in
    select participant.user_id
    from messaging.conversation_participants as participant
    where participant.conversation_id = p_conversation_id
      and participant.user_id <> message.sender_id
      and participant.left_at is null
      and participant.last_read_seq < message.seq
      and not messaging.is_muted(participant)
    order by participant.user_id
  loop
    if notifications.notify(
      listener.user_id,
      'message',
      sender_name || case
        when conversation.kind = 'direct' then ' wrote to you'
        else ' wrote in ' || coalesce(conversation.name, 'a group')
      end,
      -- What disappears, or was meant for one pair of eyes, does not stay in a bell.
      case
        when not message.encrypted and message.expires_at is null then nullif(left(message.content, 200), '')
      end,
      jsonb_build_object('conversation_id', p_conversation_id, 'message_id', p_message_id),
      message.sender_id,
      'conversation:' || p_conversation_id
    ) is not null then
      told := told + 1;
    end if;
  end loop;
  return told;
end
$$;

comment on function messaging.notify_participants(uuid, uuid) is
  'For the worker: rings the bells of those who have not read a message yet, collected per conversation while unread. Silent for the muted, for people of whom one blocks the other, and for a message that is deleted. Encrypted and disappearing messages show no text. Returns how many were told. Runs apart from the sending, which holds the lock on the conversation.';

revoke all on function messaging.notify_participants(uuid, uuid) from public;
grant execute on function messaging.notify_participants(uuid, uuid) to stoa_worker;

-- Object: messaging/functions/positions_due_for_repair.sql
create or replace function messaging.positions_due_for_repair(p_since timestamptz, p_sample integer default 1000)
returns setof uuid
language sql
stable
-- The worker has no grant on the conversations.
security definer
set search_path = ''
begin atomic
  select conversation.id
  from messaging.conversations as conversation
  where conversation.last_message_at >= p_since
  union
  (
    select conversation.id
    from messaging.conversations as conversation
    -- A sample without sorting the table: what follows a random identifier.
    where conversation.id >= (
      select core.uuidv7_floor(oldest.made_at + random() * (now() - oldest.made_at))
      from (select core.uuidv7_time(first.id) as made_at from messaging.conversations as first order by first.id limit 1) as oldest
    )
    order by conversation.id
    limit p_sample
  );
end;

comment on function messaging.positions_due_for_repair(timestamptz, integer) is
  'For the worker: the conversations in which something was said since a time, and some others that lie together at a random place. One scan of the conversations.';

revoke all on function messaging.positions_due_for_repair(timestamptz, integer) from public;
grant execute on function messaging.positions_due_for_repair(timestamptz, integer) to stoa_worker;

-- Object: messaging/functions/react.sql
create or replace function messaging.react(p_conversation_id uuid, p_message_id uuid, p_emoji text)
returns messaging.message_reactions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  wanted constant text := messaging.clean_emoji(p_emoji);
  conversation messaging.conversations;
  message messaging.messages;
  reaction messaging.message_reactions;
begin
  select * into conversation
  from messaging.conversations as candidate
  where candidate.id = p_conversation_id
    and messaging.is_participant(p_conversation_id);
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  perform messaging.check_pair(conversation);
  -- The lock on the message also keeps two new emoji from passing the limit together.
  message := messaging.lock_message(p_conversation_id, p_message_id);
  if message.deleted_at is not null then
    perform core.fail('message.deleted');
  end if;

  insert into messaging.message_reactions (conversation_id, message_id, emoji, user_id)
  values (p_conversation_id, p_message_id, wanted, me)
  on conflict (conversation_id, message_id, emoji, user_id) do nothing
  returning * into reaction;
  if not found then
    select * into reaction
    from messaging.message_reactions as given
    where given.conversation_id = p_conversation_id
      and given.message_id = p_message_id
      and given.emoji = wanted
      and given.user_id = me;
    return reaction;
  end if;

  if core.setting_integer('messages.reaction_limit') < (
    select count(distinct given.emoji)
    from messaging.message_reactions as given
    where given.conversation_id = p_conversation_id
      and given.message_id = p_message_id
  ) then
    perform core.fail('message.reaction_limit');
  end if;
  return reaction;
end
$$;

comment on function messaging.react(uuid, uuid, text) is
  E'@name react_to_message\nPuts an emoji on a message: a Unicode one, or custom: and the identifier of one that exists. Again does nothing. Refuses message.emoji_invalid, conversation.unknown, conversation.refused, message.unknown, message.deleted, and a 21st different emoji (message.reaction_limit).';

revoke all on function messaging.react(uuid, uuid, text) from public;
grant execute on function messaging.react(uuid, uuid, text) to stoa_member;

-- Object: messaging/functions/remove_participant.sql
create or replace function messaging.remove_participant(p_conversation_id uuid, p_user_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations := messaging.lock_group(p_conversation_id);
begin
  if p_user_id = me then
    perform core.fail('conversation.self');
  end if;
  if not exists (
    select
    from messaging.conversation_participants as participant
    where participant.conversation_id = p_conversation_id
      and participant.user_id = p_user_id
      and participant.left_at is null
  ) then
    perform core.fail('conversation.not_participant');
  end if;

  perform messaging.take_out(conversation, p_user_id);
  perform messaging.tell(p_conversation_id, me, 'removed', jsonb_build_object('user_ids', array[p_user_id]));
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.remove_participant(uuid, uuid) is
  'Puts somebody out of a group that the caller owns; they no longer read it, what they wrote stays. Refuses conversation.unknown, conversation.direct, conversation.not_owner, conversation.self (leave it instead) and conversation.not_participant.';

revoke all on function messaging.remove_participant(uuid, uuid) from public;
grant execute on function messaging.remove_participant(uuid, uuid) to stoa_member;

-- Object: messaging/functions/rename.sql
create or replace function messaging.rename(p_conversation_id uuid, p_name text)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations := messaging.lock_group(p_conversation_id);
  new_name constant text := core.clean_text(p_name, 100, false);
begin
  if new_name is not distinct from conversation.name then
    return conversation;
  end if;
  update messaging.conversations as target set name = new_name where target.id = p_conversation_id;
  perform messaging.tell(p_conversation_id, me, 'renamed', jsonb_build_object('name', new_name));
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.rename(uuid, text) is
  E'@name rename_conversation\nGives a group that the caller owns another name, or none. Refuses conversation.unknown, conversation.direct, conversation.not_owner and more than 100 characters (input.too_long).';

revoke all on function messaging.rename(uuid, text) from public;
grant execute on function messaging.rename(uuid, text) to stoa_member;

-- Object: messaging/functions/repair_positions.sql
create or replace function messaging.repair_positions(p_conversation_ids uuid[])
returns integer
language plpgsql
volatile
-- The worker has no grant on these tables; this is the one thing it does to them here.
security definer
set search_path = ''
as $$
declare
  wrong record;
  repaired integer := 0;
begin
  -- Locked first and looked at in a second statement: a send that was under way is over then.
  perform
  from messaging.conversations as conversation
  where conversation.id = any (p_conversation_ids)
  order by conversation.id
  for no key update;

  for wrong in
    select conversation.id, conversation.last_seq, newest.seq, newest.id as newest_id, newest.inserted_at
    from messaging.conversations as conversation
    cross join lateral (
      select message.seq, message.id, message.inserted_at
      from messaging.messages as message
      where message.conversation_id = conversation.id
      order by message.id desc
      limit 1
    ) as newest
    where conversation.id = any (p_conversation_ids)
      -- The newest messages may have disappeared: the conversation is never behind, but it may be ahead.
      and (newest.seq > conversation.last_seq or newest.id > conversation.last_message_id)
    order by conversation.id
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values ('messaging.conversations.last_seq', jsonb_build_object('id', wrong.id), wrong.last_seq, wrong.seq);
    update messaging.conversations as conversation
    set last_seq = greatest(conversation.last_seq, wrong.seq),
        last_message_id = wrong.newest_id,
        last_message_at = wrong.inserted_at
    where conversation.id = wrong.id;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function messaging.repair_positions(uuid[]) is
  'For the worker: puts right what conversations say about their newest message, writes each difference to ops.counter_repairs and returns how many it corrected. The number of unread messages follows from it; nothing else is cached. Locks the conversations: call it with some hundred at a time.';

revoke all on function messaging.repair_positions(uuid[]) from public;
grant execute on function messaging.repair_positions(uuid[]) to stoa_worker;

-- Object: messaging/functions/restore_message.sql
create or replace function messaging.restore_message(p_conversation_id uuid, p_message_id uuid)
returns messaging.messages
language plpgsql
volatile
-- Clients have no right to update, and nobody reads the removed texts.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation constant messaging.conversations := messaging.lock_conversation(p_conversation_id);
  message messaging.messages;
  kept messaging.removed_texts;
begin
  -- A restored message reaches the other side like a new one.
  perform messaging.check_pair(conversation);
  message := messaging.lock_message(p_conversation_id, p_message_id);
  if message.deleted_at is null then
    perform core.fail('message.not_deleted');
  end if;
  if message.deleted_by is distinct from me then
    perform core.fail('message.not_deleter');
  end if;

  delete from messaging.removed_texts as removed
  where removed.conversation_id = p_conversation_id
    and removed.message_id = p_message_id
  returning * into kept;
  if not found or kept.removed_at < now() - interval '30 days' then
    perform core.fail('message.restore_too_late');
  end if;
  update messaging.messages as target
  set content = kept.content,
      deleted_at = null,
      deleted_by = null
  where target.conversation_id = p_conversation_id
    and target.id = p_message_id
  returning * into message;
  return message;
end
$$;

comment on function messaging.restore_message(uuid, uuid) is
  'Brings a message back that the caller deleted, for 30 days. Refuses conversation.unknown, conversation.refused, message.unknown, message.not_deleted, message.not_deleter and message.restore_too_late.';

revoke all on function messaging.restore_message(uuid, uuid) from public;
grant execute on function messaging.restore_message(uuid, uuid) to stoa_member;

-- Object: messaging/functions/search.sql
create or replace function messaging.search(
  p_query text,
  p_conversation_id uuid default null,
  p_since timestamptz default null,
  p_first integer default 25
)
returns setof messaging.messages
language plpgsql
stable
rows 25
-- Matching parts of words is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  wanted constant text := core.clean_text(p_query, 200);
  since constant timestamptz := coalesce(
    p_since,
    now() - make_interval(months => core.setting_integer('messages.search_months')::integer)
  );
begin
  if length(wanted) < 3 then
    perform core.fail('message.query_too_short');
  end if;
  if p_conversation_id is not null and not messaging.is_participant(p_conversation_id) then
    perform core.fail('conversation.unknown');
  end if;

  return query
    select message.*
    from messaging.messages as message
    join messaging.conversation_participants as participant
      on participant.conversation_id = message.conversation_id
     and participant.user_id = me
     and participant.left_at is null
    where message.content ilike '%' || regexp_replace(wanted, '([\\%_])', '\\\1', 'g') || '%'
      and not message.encrypted
      and message.deleted_at is null
      and message.type <> 'system'
      and message.id >= core.uuidv7_floor(since)
      and (p_conversation_id is null or message.conversation_id = p_conversation_id)
      and (participant.history_from_id is null or message.id > participant.history_from_id)
      and (message.expires_at is null or message.expires_at > now())
    order by message.id desc
    limit messaging.page_size(p_first, 25);
end
$$;

comment on function messaging.search(text, uuid, timestamptz, integer) is
  E'@name search_messages\n@simpleCollections only\nMessages of the caller''s conversations, or of one, that hold this text anywhere, whatever the case; newest first, back to since (12 months when left out). first: 1 to 100. Encrypted and deleted messages are not found. Refuses input.empty, input.too_long (200 characters), message.query_too_short (fewer than three characters) and conversation.unknown. Finds candidates among the messages of everybody by their letters, so that a very common text is slow.';

revoke all on function messaging.search(text, uuid, timestamptz, integer) from public;
grant execute on function messaging.search(text, uuid, timestamptz, integer) to stoa_member;

-- Object: messaging/functions/send_message.sql
create or replace function messaging.send_message(
  p_conversation_id uuid,
  p_content text default null,
  p_type text default 'text',
  p_reply_to_id uuid default null,
  p_upload_ids uuid[] default null,
  p_descriptions text[] default null,
  p_encrypted boolean default false,
  p_key text default null
)
returns messaging.messages
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(
    p_conversation_id, p_content, p_type, p_reply_to_id, p_upload_ids, p_descriptions, p_encrypted
  );
  has_files constant boolean := coalesce(cardinality(p_upload_ids), 0) > 0;
  earlier jsonb;
  conversation messaging.conversations;
  message messaging.messages;
  message_text text;
begin
  earlier := core.recall('messaging.send_message', p_key, arguments);
  if earlier is not null then
    select * into message
    from messaging.messages as sent
    where sent.conversation_id = p_conversation_id
      and sent.id = (earlier ->> 'id')::uuid;
    if not found then
      perform core.fail('message.unknown');
    end if;
    return message;
  end if;

  if p_type is null
    or p_type not in ('text', 'image', 'file')
    or (p_type <> 'text' and not has_files)
  then
    perform core.fail('message.type_invalid');
  end if;
  message_text := coalesce(
    core.clean_text(p_content, case when p_encrypted then 32768 else 8000 end, not has_files),
    ''
  );

  perform messaging.check_pace(me);
  conversation := messaging.lock_conversation(p_conversation_id);
  perform messaging.check_pair(conversation);
  if p_reply_to_id is not null
    and not exists (
      select
      from messaging.messages as answered
      join messaging.conversation_participants as participant
        on participant.conversation_id = answered.conversation_id
       and participant.user_id = me
      where answered.conversation_id = p_conversation_id
        and answered.id = p_reply_to_id
        and answered.deleted_at is null
        and (answered.expires_at is null or answered.expires_at > now())
        and (participant.history_from_id is null or answered.id > participant.history_from_id)
    )
  then
    perform core.fail('message.unknown');
  end if;

  message := messaging.append_message(
    p_conversation_id, me, p_type, message_text, coalesce(p_encrypted, false), p_reply_to_id
  );
  if has_files then
    perform messaging.attach_uploads(message, p_upload_ids, p_descriptions);
  end if;

  if exists (
    select
    from messaging.conversation_participants as participant
    where participant.conversation_id = p_conversation_id
      and participant.user_id <> me
      and participant.left_at is null
      and not messaging.is_muted(participant)
  ) then
    -- One job waits for a conversation, however fast people write.
    perform core.enqueue(
      'notify_participants',
      json_build_object('conversationId', p_conversation_id, 'messageId', message.id),
      'messaging.notify_participants:' || p_conversation_id
    );
  end if;
  perform core.remember('messaging.send_message', p_key, arguments, jsonb_build_object('id', message.id));
  return message;
end
$$;

comment on function messaging.send_message(uuid, text, text, uuid, uuid[], text[], boolean, text) is
  'Sends a message. type: text, image (pictures only) or file; upload_ids: up to ten own finished uploads, descriptions: what they show, in the same order; encrypted: content is ciphertext; key: send the same again after a lost answer and get the same message. Moves the marker of the caller to this message. Refuses conversation.unknown; a direct conversation of two of whom one blocks the other (conversation.refused); no text and no file (input.empty), more than 8,000 characters or 32,768 of ciphertext (input.too_long), message.type_invalid, message.upload_unusable; an answer to what is not there or not visible (message.unknown); more than 10 messages in 10 seconds (message.too_fast, with the seconds to wait). Messages of one conversation queue up at its row; the cost does not depend on how many people are in it.';

revoke all on function messaging.send_message(uuid, text, text, uuid, uuid[], text[], boolean, text) from public;
grant execute on function messaging.send_message(uuid, text, text, uuid, uuid[], text[], boolean, text) to stoa_member;

-- Object: messaging/functions/set_ttl.sql
create or replace function messaging.set_ttl(p_conversation_id uuid, p_seconds integer default null)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations := messaging.lock_conversation(p_conversation_id);
begin
  if conversation.kind = 'group' and conversation.owner_id is distinct from me then
    perform core.fail('conversation.not_owner');
  end if;
  if p_seconds not between 5 and 31536000 then
    perform core.fail('conversation.ttl_invalid');
  end if;
  perform messaging.check_pair(conversation);
  if p_seconds is not distinct from conversation.message_ttl_seconds then
    return conversation;
  end if;

  update messaging.conversations as target
  set message_ttl_seconds = p_seconds,
      has_disappearing = target.has_disappearing or p_seconds is not null
  where target.id = p_conversation_id;
  perform messaging.tell(p_conversation_id, me, 'ttl_changed', jsonb_build_object('seconds', p_seconds));
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.set_ttl(uuid, integer) is
  E'@name set_message_lifetime\nLets messages that are sent from now on disappear after this many seconds, or stay (null). Either side of a direct conversation, the owner of a group. Refuses conversation.unknown, conversation.refused, conversation.not_owner and conversation.ttl_invalid.';

revoke all on function messaging.set_ttl(uuid, integer) from public;
grant execute on function messaging.set_ttl(uuid, integer) to stoa_member;

-- Object: messaging/functions/start_direct.sql
create or replace function messaging.start_direct(p_user_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Reads the settings and blocks of the other side; clients have no right to insert.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
  policy text;
begin
  if p_user_id = me then
    perform core.fail('conversation.self');
  end if;

  select coalesce(settings.dm_policy, 'everyone')
  into policy
  from core.users as person
  left join core.user_settings as settings on settings.user_id = person.id
  where person.id = p_user_id
    and person.is_active
    and person.deleted_at is null
    and person.erased_at is null;
  if not found then
    perform core.fail('user.unknown');
  end if;

  -- The same answer for a block and for the privacy setting: who blocks whom is nobody's business.
  perform social.lock_pair(me, p_user_id);
  if social.is_blocked(me, p_user_id) then
    perform core.fail('conversation.refused');
  end if;

  select * into conversation
  from messaging.conversations as existing
  where existing.user_low = least(me, p_user_id)
    and existing.user_high = greatest(me, p_user_id);
  if found then
    update messaging.conversation_participants as participant
    set hidden_seq = null
    where participant.conversation_id = conversation.id
      and participant.user_id = me
      and participant.hidden_seq is not null;
    return conversation;
  end if;

  if policy = 'nobody' or (policy = 'friends' and not social.are_friends(me, p_user_id)) then
    perform core.fail('conversation.refused');
  end if;

  insert into messaging.conversations (kind, user_low, user_high)
  values ('direct', least(me, p_user_id), greatest(me, p_user_id))
  on conflict (user_low, user_high) do nothing
  returning * into conversation;
  if not found then
    select * into strict conversation
    from messaging.conversations as existing
    where existing.user_low = least(me, p_user_id)
      and existing.user_high = greatest(me, p_user_id);
  end if;

  -- The other side sees nothing of it before there is a message.
  insert into messaging.conversation_participants (conversation_id, user_id, hidden_seq)
  values (conversation.id, me, null), (conversation.id, p_user_id, 0)
  on conflict (conversation_id, user_id) do nothing;
  return conversation;
end
$$;

comment on function messaging.start_direct(uuid) is
  E'@name start_conversation\nThe conversation of the caller with one other person: the one that they have, back in the inbox if it was hidden, or a new one. Two who start it at once get the same one. Refuses conversation.self, user.unknown, and conversation.refused: one of the two blocks the other, or a new one is not wanted (setting dm_policy: everyone, friends, nobody).';

revoke all on function messaging.start_direct(uuid) from public;
grant execute on function messaging.start_direct(uuid) to stoa_member;

-- Object: messaging/functions/start_group.sql
create or replace function messaging.start_group(p_user_ids uuid[], p_name text default null, p_key text default null)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_user_ids, p_name);
  others constant uuid[] := array(
    select distinct wanted.id
    from unnest(p_user_ids) as wanted (id)
    where wanted.id <> me
  );
  earlier jsonb;
  conversation messaging.conversations;
begin
  earlier := core.recall('messaging.start_group', p_key, arguments);
  if earlier is null then
    if cardinality(others) not between 2 and core.setting_integer('messages.group_size') - 1 then
      perform core.fail('conversation.size_invalid');
    end if;
    perform messaging.check_friends(others);

    insert into messaging.conversations (kind, name, owner_id)
    values ('group', core.clean_text(p_name, 100, false), me)
    returning * into conversation;
    insert into messaging.conversation_participants (conversation_id, user_id, role)
    values (conversation.id, me, 'owner');
    perform messaging.add_people(conversation, others);
    perform messaging.tell(conversation.id, me, 'created', jsonb_build_object('user_ids', others));
    perform core.remember('messaging.start_group', p_key, arguments, jsonb_build_object('id', conversation.id));
  end if;

  select * into conversation
  from messaging.conversations as started
  where started.id = coalesce(conversation.id, (earlier ->> 'id')::uuid);
  return conversation;
end
$$;

comment on function messaging.start_group(uuid[], text, text) is
  'Starts a group of the caller, who owns it, and 2 to 49 friends; a name is not needed. key: send the same again after a lost answer and get the same group. Refuses conversation.size_invalid (setting messages.group_size) and conversation.not_friends.';

revoke all on function messaging.start_group(uuid[], text, text) from public;
grant execute on function messaging.start_group(uuid[], text, text) to stoa_member;

-- Object: messaging/functions/take_out.sql
create or replace function messaging.take_out(p_conversation messaging.conversations, p_user_id uuid)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  heir uuid;
begin
  update messaging.conversation_participants as participant
  set left_at = now(),
      role = 'member'
  where participant.conversation_id = p_conversation.id
    and participant.user_id = p_user_id;

  if p_conversation.owner_id is distinct from p_user_id then
    return null;
  end if;

  select participant.user_id into heir
  from messaging.conversation_participants as participant
  join core.users as person on person.id = participant.user_id
  where participant.conversation_id = p_conversation.id
    and participant.left_at is null
  order by person.erased_at is null and person.deleted_at is null desc, participant.joined_at, participant.user_id
  limit 1;

  update messaging.conversation_participants as participant
  set role = 'owner'
  where participant.conversation_id = p_conversation.id
    and participant.user_id = heir;
  update messaging.conversations as target
  set owner_id = heir
  where target.id = p_conversation.id;
  return heir;
end
$$;

comment on function messaging.take_out(messaging.conversations, uuid) is
  'Internal. Takes a person out of a locked group. When it was the owner, the longest-standing of the others owns it, who is returned; a group that everybody has left has no owner and is removed by the next retention run.';

revoke all on function messaging.take_out(messaging.conversations, uuid) from public;

-- Object: messaging/functions/tell.sql
create or replace function messaging.tell(p_conversation_id uuid, p_actor_id uuid, p_event text, p_facts jsonb default '{}')
returns void
language sql
volatile
set search_path = ''
begin atomic
  select messaging.append_message(
    p_conversation_id, p_actor_id, 'system', (jsonb_build_object('event', p_event) || p_facts)::text
  );
end;

comment on function messaging.tell(uuid, uuid, text, jsonb) is
  'Internal. A system message: what happened (created, added, removed, left, renamed, owner_changed, ttl_changed), who did it, and the facts of it.';

revoke all on function messaging.tell(uuid, uuid, text, jsonb) from public;

-- Object: messaging/functions/transfer_owner.sql
create or replace function messaging.transfer_owner(p_conversation_id uuid, p_user_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations := messaging.lock_group(p_conversation_id);
begin
  if p_user_id = me then
    return conversation;
  end if;
  if not exists (
    select
    from messaging.conversation_participants as participant
    join core.users as person on person.id = participant.user_id
    where participant.conversation_id = p_conversation_id
      and participant.user_id = p_user_id
      and participant.left_at is null
      and person.deleted_at is null
      and person.erased_at is null
  ) then
    perform core.fail('conversation.not_participant');
  end if;

  update messaging.conversation_participants as participant
  set role = 'member'
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me;
  update messaging.conversation_participants as participant
  set role = 'owner'
  where participant.conversation_id = p_conversation_id
    and participant.user_id = p_user_id;
  update messaging.conversations as target set owner_id = p_user_id where target.id = p_conversation_id;
  perform messaging.tell(p_conversation_id, me, 'owner_changed', jsonb_build_object('owner_id', p_user_id));
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.transfer_owner(uuid, uuid) is
  E'@name transfer_conversation\nHands a group that the caller owns to somebody who is in it. Refuses conversation.unknown, conversation.direct, conversation.not_owner and conversation.not_participant.';

revoke all on function messaging.transfer_owner(uuid, uuid) from public;
grant execute on function messaging.transfer_owner(uuid, uuid) to stoa_member;

-- Object: messaging/functions/unmute.sql
create or replace function messaging.unmute(p_conversation_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Clients do not read these columns; the answer is the conversation.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
begin
  update messaging.conversation_participants as participant
  set muted = false,
      muted_until = null
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me
    and participant.left_at is null;
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  select * into conversation from messaging.conversations as heard where heard.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.unmute(uuid) is
  E'@name unmute_conversation\nNotifications from a conversation again. Refuses conversation.unknown.';

revoke all on function messaging.unmute(uuid) from public;
grant execute on function messaging.unmute(uuid) to stoa_member;

-- Object: messaging/functions/unreact.sql
create or replace function messaging.unreact(p_conversation_id uuid, p_message_id uuid, p_emoji text)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  if not messaging.is_participant(p_conversation_id) then
    perform core.fail('conversation.unknown');
  end if;
  delete from messaging.message_reactions as given
  where given.conversation_id = p_conversation_id
    and given.message_id = p_message_id
    and given.emoji = p_emoji
    and given.user_id = me;
  return found;
end
$$;

comment on function messaging.unreact(uuid, uuid, text) is
  E'@name unreact_to_message\nTakes the caller''s emoji off a message; false when it was not there. Refuses conversation.unknown.';

revoke all on function messaging.unreact(uuid, uuid, text) from public;
grant execute on function messaging.unreact(uuid, uuid, text) to stoa_member;

-- Object: messaging/functions/unread_total.sql
create or replace function messaging.unread_total()
returns bigint
language sql
stable
-- How far somebody has read is not for the others to see.
security definer
set search_path = ''
begin atomic
  select coalesce(
    sum(
      case
        when conversation.has_disappearing then
          messaging.count_unread(conversation.id, participant.last_read_message_id, conversation.last_message_id)
        else conversation.last_seq - participant.last_read_seq
      end
    ),
    0
  )::bigint
  from messaging.conversation_participants as participant
  join messaging.conversations as conversation on conversation.id = participant.conversation_id
  where participant.user_id = core.current_user_id()
    and participant.left_at is null
    and not (participant.muted and (participant.muted_until is null or participant.muted_until > now()));
end;

comment on function messaging.unread_total() is
  E'@name unread_message_count\nThe badge: how many messages the caller has not read in all conversations that are not muted. One index range and a row for each conversation.';

revoke all on function messaging.unread_total() from public;
grant execute on function messaging.unread_total() to stoa_member;

-- Object: messaging/triggers/conversation_participants.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on messaging.conversation_participants
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on messaging.conversation_participants is 'Keeps updated_at.';

-- Object: messaging/triggers/conversations.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on messaging.conversations
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on messaging.conversations is 'Keeps updated_at.';

-- Object: messaging/triggers/messages.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on messaging.messages
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on messaging.messages is 'Keeps updated_at.';

-- Object: messaging/triggers/users.leave_conversations.sql
create or replace trigger leave_conversations
after update of erased_at on core.users
for each row
when (new.erased_at is not null and old.erased_at is null)
execute function messaging.leave_when_erased();

comment on trigger leave_conversations on core.users is 'An erased person leaves their group conversations.';

-- Object: messaging/policies/conversation_participants.sql
revoke all on messaging.conversation_participants from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
-- Read markers, mutes and what somebody has hidden stay with them; updated_at would tell when they read.
grant select (conversation_id, user_id, role, joined_at, left_at, inserted_at) on messaging.conversation_participants to stoa_member;
grant update (muted, muted_until) on messaging.conversation_participants to stoa_member;

drop policy if exists participating on messaging.conversation_participants;
create policy participating on messaging.conversation_participants
for select
to stoa_member
using (conversation_id = any (array(select messaging.my_conversation_ids())));

comment on policy participating on messaging.conversation_participants is 'Who is in a conversation sees who else is or was.';

drop policy if exists own on messaging.conversation_participants;
create policy own on messaging.conversation_participants
for update
to stoa_member
using (user_id = (select core.current_user_id()) and left_at is null)
with check (user_id = (select core.current_user_id()));

comment on policy own on messaging.conversation_participants is 'One mutes for oneself.';

-- Object: messaging/policies/conversations.sql
revoke all on messaging.conversations from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on messaging.conversations to stoa_member;

drop policy if exists participating on messaging.conversations;
create policy participating on messaging.conversations
for select
to stoa_member
using (id = any (array(select messaging.my_conversation_ids())));

comment on policy participating on messaging.conversations is 'One reads the conversations that one is in. Neither moderators nor administrators read others.';

-- Object: messaging/policies/message_attachments.sql
revoke all on messaging.message_attachments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on messaging.message_attachments to stoa_member;

drop policy if exists participating on messaging.message_attachments;
create policy participating on messaging.message_attachments
for select
to stoa_member
using (
  conversation_id = any (array(select messaging.my_conversation_ids()))
  and exists (
    select
    from messaging.messages as message
    where message.conversation_id = message_attachments.conversation_id
      and message.id = message_attachments.message_id
      and message.deleted_at is null
  )
);

comment on policy participating on messaging.message_attachments is 'Who reads a message that is not deleted reads its files: the policy of messaging.messages holds inside.';

-- Object: messaging/policies/message_reactions.sql
revoke all on messaging.message_reactions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on messaging.message_reactions to stoa_member;

drop policy if exists participating on messaging.message_reactions;
create policy participating on messaging.message_reactions
for select
to stoa_member
using (
  conversation_id = any (array(select messaging.my_conversation_ids()))
  and exists (
    select
    from messaging.messages as message
    where message.conversation_id = message_reactions.conversation_id
      and message.id = message_reactions.message_id
      and message.deleted_at is null
  )
);

comment on policy participating on messaging.message_reactions is 'Who reads a message that is not deleted reads its reactions: the policy of messaging.messages holds inside.';

-- Object: messaging/policies/messages.sql
revoke all on messaging.messages from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on messaging.messages to stoa_member;

-- The case hides the comparison from the estimate of rows. A query names its conversation anyway; counted twice, the
-- condition lets a busy conversation look as if it had a dozen messages, and the newest page is then found by reading
-- and sorting all of them (144 ms where a conversation had 100,000), whenever the empty partitions made ahead have
-- been vacuumed. The plan test of this table holds the ordered form.
drop policy if exists participating on messaging.messages;
create policy participating on messaging.messages
for select
to stoa_member
using (
  case when conversation_id = any (array(select messaging.my_conversation_ids())) then true else false end
  and (expires_at is null or expires_at > now())
  and id > coalesce(
    ((select messaging.my_history_starts()) ->> conversation_id::text)::uuid,
    '00000000-0000-0000-0000-000000000000'
  )
);

comment on policy participating on messaging.messages is 'One reads the messages of the conversations that one is in, from where one''s history begins, deleted ones as tombstones without text; not what has disappeared. Neither moderators nor administrators read others: reports carry evidence.';

-- Object: messaging/policies/removed_texts.sql
revoke all on messaging.removed_texts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- End of objects

-- Down Migration

drop policy participating on messaging.messages;
drop policy participating on messaging.message_reactions;
drop policy participating on messaging.message_attachments;
drop policy participating on messaging.conversations;
drop policy own on messaging.conversation_participants;
drop policy participating on messaging.conversation_participants;
drop trigger leave_conversations on core.users;
drop trigger touch_updated_at on messaging.messages;
drop trigger touch_updated_at on messaging.conversations;
drop trigger touch_updated_at on messaging.conversation_participants;
drop function messaging.unread_total();
drop function messaging.unreact(uuid, uuid, text);
drop function messaging.unmute(uuid);
drop function messaging.transfer_owner(uuid, uuid);
drop function messaging.tell(uuid, uuid, text, jsonb);
drop function messaging.take_out(messaging.conversations, uuid);
drop function messaging.start_group(uuid[], text, text);
drop function messaging.start_direct(uuid);
drop function messaging.set_ttl(uuid, integer);
drop function messaging.send_message(uuid, text, text, uuid, uuid[], text[], boolean, text);
drop function messaging.search(text, uuid, timestamptz, integer);
drop function messaging.restore_message(uuid, uuid);
drop function messaging.repair_positions(uuid[]);
drop function messaging.rename(uuid, text);
drop function messaging.remove_participant(uuid, uuid);
drop function messaging.react(uuid, uuid, text);
drop function messaging.positions_due_for_repair(timestamptz, integer);
drop function messaging.notify_participants(uuid, uuid);
drop function messaging.next_message_id(uuid);
drop function messaging.my_history_starts();
drop function messaging.my_conversation_ids();
drop function messaging.mute(uuid, timestamptz);
drop function messaging.messages_reaction_counts(messaging.messages);
drop function messaging.messages_is_sender_blocked(messaging.messages);
drop function messaging.mark_read(uuid, uuid);
drop function messaging.lock_message(uuid, uuid);
drop function messaging.lock_group(uuid, boolean);
drop function messaging.lock_conversation(uuid);
drop function messaging.leave_when_erased();
drop function messaging.leave(uuid);
drop function messaging.inbox(timestamptz, uuid, integer);
drop function messaging.page_size(integer, integer);
drop function messaging.hide(uuid);
drop function messaging.feed(uuid, uuid, uuid, integer);
drop function messaging.edit_message(uuid, uuid, text);
drop function messaging.delete_message(uuid, uuid);
drop function messaging.conversations_unread_count(messaging.conversations);
drop function messaging.count_unread(uuid, uuid, uuid);
drop function messaging.conversations_read_receipts(messaging.conversations);
drop function messaging.is_participant(uuid);
drop function messaging.conversations_other_user_id(messaging.conversations);
drop function messaging.conversations_last_message(messaging.conversations);
drop function messaging.conversations_is_muted(messaging.conversations);
drop function messaging.is_muted(messaging.conversation_participants);
drop function messaging.conversations_is_group(messaging.conversations);
drop function messaging.clear_history(uuid);
drop function messaging.clean_emoji(text);
drop function messaging.check_pair(messaging.conversations);
drop function messaging.check_pace(uuid);
drop function messaging.check_friends(uuid[]);
drop function messaging.attach_uploads(messaging.messages, uuid[], text[]);
drop function messaging.append_message(uuid, uuid, text, text, boolean, uuid);
drop function messaging.add_people(messaging.conversations, uuid[]);
drop function messaging.add_participants(uuid, uuid[]);
revoke all on table messaging.conversation_participants from stoa_member;
revoke all on table messaging.conversations from stoa_member;
revoke all on table messaging.message_attachments from stoa_member;
revoke all on table messaging.message_reactions from stoa_member;
revoke all on table messaging.messages from stoa_member;
