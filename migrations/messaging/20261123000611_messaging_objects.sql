-- Why: a ban from chatting bars writing in conversations.
-- Changed: messaging.add_participants, messaging.edit_message, messaging.react, messaging.rename,
--   messaging.restore_message, messaging.send_message, messaging.start_direct, messaging.start_group.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

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
  perform core.require_unrestricted('chat');
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
  'Adds friends of the caller to a group that the caller owns; those who are in it already stay as they are. They see what is said from now on, also when they were in it before. Refuses conversation.unknown, conversation.direct, conversation.not_owner, conversation.not_friends, conversation.size_invalid. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.add_participants(uuid, uuid[]) from public;
grant execute on function messaging.add_participants(uuid, uuid[]) to stoa_member;

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
  perform core.require_unrestricted('chat');
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
  E'@name react_to_message\nPuts an emoji on a message: a Unicode one, or custom: and the identifier of one that exists. Again does nothing. Refuses message.emoji_invalid, conversation.unknown, conversation.refused, message.unknown, message.deleted, and a 21st different emoji (message.reaction_limit). Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.react(uuid, uuid, text) from public;
grant execute on function messaging.react(uuid, uuid, text) to stoa_member;

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
  perform core.require_unrestricted('chat');
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
  E'@name rename_conversation\nGives a group that the caller owns another name, or none. Refuses conversation.unknown, conversation.direct, conversation.not_owner and more than 100 characters (input.too_long). Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.rename(uuid, text) from public;
grant execute on function messaging.rename(uuid, text) to stoa_member;

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

  perform core.require_unrestricted('chat');
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
  E'@name start_conversation\nThe conversation of the caller with one other person: the one that they have, back in the inbox if it was hidden, or a new one. Two who start it at once get the same one. Refuses conversation.self, user.unknown, and conversation.refused: one of the two blocks the other, or a new one is not wanted (setting dm_policy: everyone, friends, nobody). Who is barred from chatting may open what there is, and begin nothing new (account.activity_barred).';

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
  perform core.require_unrestricted('chat');
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
  'Starts a group of the caller, who owns it, and 2 to 49 friends; a name is not needed. key: send the same again after a lost answer and get the same group. Refuses conversation.size_invalid (setting messages.group_size) and conversation.not_friends. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.start_group(uuid[], text, text) from public;
grant execute on function messaging.start_group(uuid[], text, text) to stoa_member;

-- End of objects

-- Down Migration

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

-- End of objects
