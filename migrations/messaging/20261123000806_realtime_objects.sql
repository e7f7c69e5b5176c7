-- Why: listeners hear of facts once they are committed, and of what changes their access; ids only.
-- New: messaging triggers conversation_participants.announce_change, messaging triggers
--   conversation_participants.announce_delete, messaging triggers conversation_participants.announce_insert.
-- Changed: messaging.append_message, messaging.delete_message, messaging.edit_message,
--   messaging.restore_message.
-- Locks: SHARE ROW EXCLUSIVE, for an instant, on messaging.conversation_participants (triggers).
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

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

  perform core.announce('conversation', array[p_conversation_id::text]);
  return message;
end
$$;

comment on function messaging.append_message(uuid, uuid, text, text, boolean, uuid) is
  'Internal. Writes the next message of a conversation that the transaction has locked, and moves the marker of its sender there. Everybody else''s number of unread messages follows by itself. Announced to listeners. Three single-row writes, whatever the number of participants.';

revoke all on function messaging.append_message(uuid, uuid, text, text, boolean, uuid) from public;

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
  perform core.announce('conversation', array[p_conversation_id || '/' || p_message_id]);
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
  perform core.require_unrestricted('chat');
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
    perform core.announce('conversation', array[p_conversation_id || '/' || p_message_id]);
  end if;
  return message;
end
$$;

comment on function messaging.edit_message(uuid, uuid, text) is
  'Changes the text of an own message, for 24 hours (setting messages.edit_hours). Refuses conversation.unknown, conversation.refused, message.unknown, message.system, message.not_author, message.deleted, message.edit_too_late, input.empty (a message with files may lose its text) and input.too_long. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.edit_message(uuid, uuid, text) from public;
grant execute on function messaging.edit_message(uuid, uuid, text) to stoa_member;

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
  perform core.require_unrestricted('chat');
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
  perform core.announce('conversation', array[p_conversation_id || '/' || p_message_id]);
  return message;
end
$$;

comment on function messaging.restore_message(uuid, uuid) is
  'Brings a message back that the caller deleted, for 30 days. Refuses conversation.unknown, conversation.refused, message.unknown, message.not_deleted, message.not_deleter and message.restore_too_late. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.restore_message(uuid, uuid) from public;
grant execute on function messaging.restore_message(uuid, uuid) to stoa_member;

-- Object: messaging/triggers/conversation_participants.announce_change.sql
create or replace trigger announce_change
after update of left_at on messaging.conversation_participants
for each row
when (old.left_at is distinct from new.left_at)
execute function core.announce_row('access', 'user_id');

comment on trigger announce_change on messaging.conversation_participants is 'Who left listens no longer, who came back does again. For each row, because the marker of the sender is moved here with each message.';

-- Object: messaging/triggers/conversation_participants.announce_delete.sql
create or replace trigger announce_delete
after delete on messaging.conversation_participants
referencing old table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_delete on messaging.conversation_participants is 'Who is gone listens no longer.';

-- Object: messaging/triggers/conversation_participants.announce_insert.sql
create or replace trigger announce_insert
after insert on messaging.conversation_participants
referencing new table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_insert on messaging.conversation_participants is 'Who was added has a conversation more to listen to.';

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop trigger announce_insert on messaging.conversation_participants;
drop trigger announce_delete on messaging.conversation_participants;
drop trigger announce_change on messaging.conversation_participants;

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
  perform core.require_unrestricted('chat');
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
  'Changes the text of an own message, for 24 hours (setting messages.edit_hours). Refuses conversation.unknown, conversation.refused, message.unknown, message.system, message.not_author, message.deleted, message.edit_too_late, input.empty (a message with files may lose its text) and input.too_long. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.edit_message(uuid, uuid, text) from public;
grant execute on function messaging.edit_message(uuid, uuid, text) to stoa_member;

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
  perform core.require_unrestricted('chat');
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
  'Brings a message back that the caller deleted, for 30 days. Refuses conversation.unknown, conversation.refused, message.unknown, message.not_deleted, message.not_deleter and message.restore_too_late. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.restore_message(uuid, uuid) from public;
grant execute on function messaging.restore_message(uuid, uuid) to stoa_member;

-- End of objects
