-- Why: the other side of a conversation and the badge are fields in the API.
-- New: messaging.overviews_unread_message_count.
-- Changed: messaging.mark_read, messaging.messages_reaction_counts, messaging.send_message,
--   messaging.set_ttl.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

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
  E'@name mark_conversation_read\n@argument up_to Up to this message, the newest that was shown; left out: all.\nMoves the caller''s marker forward: everything up to a message is read, or everything that there is when no message is named. Moving it back does nothing. Refuses conversation.unknown and message.unknown. One row is written, no message is counted.';

revoke all on function messaging.mark_read(uuid, uuid) from public;
grant execute on function messaging.mark_read(uuid, uuid) to stoa_member;

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
  E'@column amount How many people reacted so.\n@column is_mine Whether the caller is one of them.\n@simpleCollections only\nHow many people gave which emoji, in the order in which they came, and whether the caller is among them. One range of the primary key, under row-level security.';

revoke all on function messaging.messages_reaction_counts(messaging.messages) from public;
grant execute on function messaging.messages_reaction_counts(messaging.messages) to stoa_member;

-- Object: messaging/functions/overviews_unread_message_count.sql
create or replace function messaging.overviews_unread_message_count(p_overview core.overviews)
returns bigint
language sql
stable
begin atomic
  select messaging.unread_total();
end;

comment on function messaging.overviews_unread_message_count(core.overviews) is
  'How many messages one has not read in all conversations that are not muted. One index range and a row for each conversation.';

revoke all on function messaging.overviews_unread_message_count(core.overviews) from public;
grant execute on function messaging.overviews_unread_message_count(core.overviews) to stoa_member;

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
  perform core.require_unrestricted('chat');
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
  E'@argument descriptions What each upload shows, for those who cannot see it, in the order of uploadIds.\nSends a message. type: text, image (pictures only) or file; upload_ids: up to ten own finished uploads, descriptions: what they show, in the same order; encrypted: content is ciphertext; key: send the same again after a lost answer and get the same message. Moves the marker of the caller to this message. Refuses conversation.unknown; a direct conversation of two of whom one blocks the other (conversation.refused); no text and no file (input.empty), more than 8,000 characters or 32,768 of ciphertext (input.too_long), message.type_invalid, message.upload_unusable; an answer to what is not there or not visible (message.unknown); more than 10 messages in 10 seconds (message.too_fast, with the seconds to wait). Messages of one conversation queue up at its row; the cost does not depend on how many people are in it. Refuses whoever is barred from chatting (account.activity_barred).';

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
  E'@name set_message_lifetime\n@argument seconds How long new messages stay; null: for ever.\nLets messages that are sent from now on disappear after this many seconds, or stay (null). Either side of a direct conversation, the owner of a group. Refuses conversation.unknown, conversation.refused, conversation.not_owner and conversation.ttl_invalid.';

revoke all on function messaging.set_ttl(uuid, integer) from public;
grant execute on function messaging.set_ttl(uuid, integer) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function messaging.overviews_unread_message_count(core.overviews);

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
  perform core.require_unrestricted('chat');
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
  'Sends a message. type: text, image (pictures only) or file; upload_ids: up to ten own finished uploads, descriptions: what they show, in the same order; encrypted: content is ciphertext; key: send the same again after a lost answer and get the same message. Moves the marker of the caller to this message. Refuses conversation.unknown; a direct conversation of two of whom one blocks the other (conversation.refused); no text and no file (input.empty), more than 8,000 characters or 32,768 of ciphertext (input.too_long), message.type_invalid, message.upload_unusable; an answer to what is not there or not visible (message.unknown); more than 10 messages in 10 seconds (message.too_fast, with the seconds to wait). Messages of one conversation queue up at its row; the cost does not depend on how many people are in it. Refuses whoever is barred from chatting (account.activity_barred).';

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

-- End of objects
