-- Why: listeners hear of facts once they are committed, and of what changes their access; ids only.
-- New: groups triggers channel_permission_overrides.announce_delete, groups triggers
--   channel_permission_overrides.announce_insert, groups triggers
--   channel_permission_overrides.announce_update, groups triggers channels.announce_change, groups triggers
--   group_member_roles.announce_delete, groups triggers group_member_roles.announce_insert, groups triggers
--   group_members.announce_delete, groups triggers group_members.announce_insert, groups triggers
--   groups.announce_change, groups triggers roles.announce_change.
-- Changed: groups.append_message, groups.ban, groups.bulk_delete, groups.delete_channel_message,
--   groups.edit_channel_message, groups.restore_channel_message.
-- Locks: SHARE ROW EXCLUSIVE, for an instant, on groups.channel_permission_overrides, groups.channels,
--   groups.group_member_roles, groups.group_members, groups.groups, groups.roles (triggers).
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: groups/functions/append_message.sql
create or replace function groups.append_message(
  p_channel_id uuid,
  p_type text,
  p_sender_id uuid default null,
  p_webhook_id uuid default null,
  p_content text default '',
  p_reply_to_id uuid default null,
  p_tts boolean default false,
  p_mention_everyone boolean default false,
  p_metadata jsonb default null
)
returns groups.channel_messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  channel groups.channels;
  message groups.channel_messages;
begin
  select * into channel
  from groups.channels as target
  where target.id = p_channel_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  insert into groups.channel_messages (
    channel_id, id, seq, sender_id, webhook_id, type, content, reply_to_id, tts, mention_everyone, metadata
  )
  values (
    p_channel_id, groups.next_id(channel.last_message_id), channel.last_seq + 1, p_sender_id, p_webhook_id, p_type, p_content,
    p_reply_to_id, p_tts, p_mention_everyone, p_metadata
  )
  returning * into message;
  update groups.channels as target
  set last_seq = message.seq,
      last_message_id = message.id,
      last_message_at = clock_timestamp()
  where target.id = p_channel_id;
  if channel.type = 'thread' then
    update groups.threads as thread
    set message_count = thread.message_count + 1,
        archived_at = null
    where thread.channel_id = p_channel_id;
  end if;
  perform core.announce('channel', array[p_channel_id::text]);
  return message;
end
$$;

comment on function groups.append_message(uuid, text, uuid, uuid, text, uuid, boolean, boolean, jsonb) is
  'Internal. Writes a message at the end of a channel: everything that writes messages comes through here. Locks the channel until the transaction ends, makes identifier and sequence number under that lock, moves the channel''s newest message and, in a thread, its count. Announced to listeners. Refuses a channel that was deleted meanwhile (channel.unknown).';

revoke all on function groups.append_message(uuid, text, uuid, uuid, text, uuid, boolean, boolean, jsonb) from public;

-- Object: groups/functions/ban.sql
create or replace function groups.ban(
  p_group_id uuid,
  p_user_id uuid,
  p_reason text default null,
  p_until timestamptz default null,
  p_delete_days integer default 0
)
returns groups.bans
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 512, false);
  target_group groups.groups;
  made groups.bans;
  doomed uuid[];
begin
  -- The lock lets no join pass between the ban and the end of the membership.
  target_group := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'BAN_MEMBERS');
  if p_until <= clock_timestamp() then
    perform core.fail('group_ban.until_past');
  end if;
  if p_delete_days is null or p_delete_days not between 0 and 7 then
    perform core.fail('input.malformed');
  end if;
  if not exists (select from core.users as person where person.id = p_user_id and person.erased_at is null) then
    perform core.fail('user.unknown');
  end if;
  if p_user_id in (me, target_group.owner_id) then
    perform core.fail('group_ban.protected');
  end if;
  perform groups.require_above(p_group_id, p_user_id);

  insert into groups.bans as barred (group_id, user_id, banned_by, reason, expires_at)
  values (p_group_id, p_user_id, me, why, p_until)
  on conflict (group_id, user_id) do update
  set banned_by = excluded.banned_by,
      reason = excluded.reason,
      expires_at = excluded.expires_at,
      inserted_at = excluded.inserted_at
  returning * into made;
  delete from groups.group_members as gone where gone.group_id = p_group_id and gone.user_id = p_user_id;
  update groups.invites as invite
  set revoked_at = now()
  where invite.group_id = p_group_id
    and invite.created_by = p_user_id
    and invite.revoked_at is null;
  if p_delete_days > 0 then
    -- Locked in the order of their keys, as every deletion of several messages does.
    doomed := array(
      select locked.id
      from (
        select message.channel_id, message.id
        from groups.channel_messages as message
        join groups.channels as channel on channel.id = message.channel_id
        where message.sender_id = p_user_id
          and message.id >= core.uuidv7_floor(now() - make_interval(days => p_delete_days))
          and message.deleted_at is null
          and channel.group_id = p_group_id
        order by message.channel_id, message.id
        for no key update of message
      ) as locked
    );
    update groups.channel_messages as message
    set deleted_at = now(),
        deleted_by = me
    where message.sender_id = p_user_id
      and message.id = any (doomed);
    perform core.announce('channel', array(
      select message.channel_id || '/' || message.id
      from groups.channel_messages as message
      where message.sender_id = p_user_id
        and message.id = any (doomed)
    ));
    delete from groups.pinned_messages as pin where pin.message_id = any (doomed) and pin.channel_id in (
      select channel.id from groups.channels as channel where channel.group_id = p_group_id
    );
  end if;

  perform audit.record(
    'ban_from_group', 'groups.bans', p_user_id, null,
    jsonb_build_object('expires_at', p_until, 'delete_days', p_delete_days), why, p_group_id,
    jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'moderation', 'You were banned from the group ' || target_group.name, why,
    jsonb_build_object('group_id', p_group_id, 'expires_at', p_until)
  );
  return made;
end
$$;

comment on function groups.ban(uuid, uuid, text, timestamptz, integer) is
  E'@name ban_from_group\nBars a person, member or not, from a group until a time, or for good. They stop belonging, lose roles and overrides, leave voice, and the invitations that they made are withdrawn; with delete_days 1 to 7 their messages of that many days are deleted. A ban there already is replaced. Needs BAN_MEMBERS (group.not_allowed) and a higher rank (group.hierarchy). Refuses the caller and the owner (group_ban.protected), an end in the past (group_ban.until_past), other numbers of days (input.malformed), an unknown account (user.unknown). Limit: reason 512 characters. Audited; the person is told.';

revoke all on function groups.ban(uuid, uuid, text, timestamptz, integer) from public;
grant execute on function groups.ban(uuid, uuid, text, timestamptz, integer) to stoa_member;

-- Object: groups/functions/bulk_delete.sql
create or replace function groups.bulk_delete(p_channel_id uuid, p_message_ids uuid[], p_reason text default null)
returns integer
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 500, false);
  ids constant uuid[] := array(select distinct given.id from unnest(p_message_ids) as given (id));
  channel groups.channels;
  deleted integer;
begin
  channel := groups.permitted_channel(p_channel_id, 'MANAGE_MESSAGES');
  if cardinality(ids) not between 1 and 100 then
    perform core.fail('channel_message.list_invalid');
  end if;
  if exists (select from unnest(ids) as given (id) where given.id < core.uuidv7_floor(now() - interval '14 days')) then
    perform core.fail('channel_message.too_old');
  end if;
  perform from groups.channels as target where target.id = p_channel_id for no key update;
  perform
  from groups.channel_messages as message
  where message.channel_id = p_channel_id and message.id = any (ids)
  order by message.id
  for no key update;
  if (
    select count(*) from groups.channel_messages as message where message.channel_id = p_channel_id and message.id = any (ids)
  ) <> cardinality(ids) then
    perform core.fail('channel_message.unknown');
  end if;
  update groups.channel_messages as message
  set deleted_at = now(),
      deleted_by = me
  where message.channel_id = p_channel_id
    and message.id = any (ids)
    and message.deleted_at is null;
  get diagnostics deleted = row_count;
  perform core.announce('channel', array(select p_channel_id || '/' || given.id from unnest(ids) as given (id)));
  delete from groups.pinned_messages as pin where pin.channel_id = p_channel_id and pin.message_id = any (ids);
  perform audit.record(
    'bulk_delete_channel_messages', 'groups.channels', p_channel_id, null,
    jsonb_build_object('message_ids', to_jsonb(ids)), why, channel.group_id
  );
  return deleted;
end
$$;

comment on function groups.bulk_delete(uuid, uuid[], text) is
  E'@name bulk_delete_channel_messages\nDeletes up to 100 messages of a channel that are at most 14 days old, and returns how many it deleted; those deleted before do not count. Needs MANAGE_MESSAGES (channel.not_allowed). Refuses channel.unknown, an empty or longer list (channel_message.list_invalid), messages that are not there (channel_message.unknown) or older (channel_message.too_old). Limit: reason 500 characters. Audited.';

revoke all on function groups.bulk_delete(uuid, uuid[], text) from public;
grant execute on function groups.bulk_delete(uuid, uuid[], text) to stoa_member;

-- Object: groups/functions/delete_channel_message.sql
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
  perform core.announce('channel', array[p_channel_id || '/' || p_message_id]);
  perform groups.write_mentions(message, groups.my_permissions(channel.group_id, p_channel_id));
  return message;
end
$$;

comment on function groups.edit_channel_message(uuid, uuid, text) is
  'Changes the text of one''s own message, within 24 hours. Mentions are read anew; nobody is told of new ones. Refuses channel.unknown, channel.not_allowed, group_member.timed_out, thread.locked and what else keeps from writing there; channel_message.unknown, a message of somebody else (channel_message.not_author), one that the group wrote itself or that is too old (channel_message.edit_too_late), and texts as sending does. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.edit_channel_message(uuid, uuid, text) from public;
grant execute on function groups.edit_channel_message(uuid, uuid, text) to stoa_member;

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
  perform core.announce('channel', array[p_channel_id || '/' || p_message_id]);
  return message;
end
$$;

comment on function groups.restore_channel_message(uuid, uuid) is
  'Brings a deleted message back, within 30 days; only whoever deleted it (else channel_message.unknown). Refuses channel.unknown and a message deleted too long ago (channel_message.restore_too_late). Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.restore_channel_message(uuid, uuid) from public;
grant execute on function groups.restore_channel_message(uuid, uuid) to stoa_member;

-- Object: groups/triggers/channel_permission_overrides.announce_delete.sql
create or replace trigger announce_delete
after delete on groups.channel_permission_overrides
referencing old table as changed
for each statement
execute function core.announce_rows('group', 'group_id');

comment on trigger announce_delete on groups.channel_permission_overrides is 'Listeners of the channels are checked again: what a person may read follows from this.';

-- Object: groups/triggers/channel_permission_overrides.announce_insert.sql
create or replace trigger announce_insert
after insert on groups.channel_permission_overrides
referencing new table as changed
for each statement
execute function core.announce_rows('group', 'group_id');

comment on trigger announce_insert on groups.channel_permission_overrides is 'Listeners of the channels are checked again: what a person may read follows from this.';

-- Object: groups/triggers/channel_permission_overrides.announce_update.sql
create or replace trigger announce_update
after update on groups.channel_permission_overrides
referencing new table as changed
for each statement
execute function core.announce_rows('group', 'group_id');

comment on trigger announce_update on groups.channel_permission_overrides is 'Listeners of the channels are checked again: what a person may read follows from this.';

-- Object: groups/triggers/channels.announce_change.sql
create or replace trigger announce_change
after update of is_private, category_id, parent_channel_id, deleted_at on groups.channels
for each row
when (
  (old.is_private, old.category_id, old.parent_channel_id, old.deleted_at)
  is distinct from (new.is_private, new.category_id, new.parent_channel_id, new.deleted_at)
)
execute function core.announce_row('group', 'group_id');

comment on trigger announce_change on groups.channels is 'Listeners of the channels are checked again: what a person may read follows from this. For each row, because the newest message is kept here.';

-- Object: groups/triggers/group_member_roles.announce_delete.sql
create or replace trigger announce_delete
after delete on groups.group_member_roles
referencing old table as changed
for each statement
execute function core.announce_rows('group', 'group_id');

comment on trigger announce_delete on groups.group_member_roles is 'Listeners of the channels are checked again: what a person may read follows from this.';

-- Object: groups/triggers/group_member_roles.announce_insert.sql
create or replace trigger announce_insert
after insert on groups.group_member_roles
referencing new table as changed
for each statement
execute function core.announce_rows('group', 'group_id');

comment on trigger announce_insert on groups.group_member_roles is 'Listeners of the channels are checked again: what a person may read follows from this.';

-- Object: groups/triggers/group_members.announce_delete.sql
create or replace trigger announce_delete
after delete on groups.group_members
referencing old table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_delete on groups.group_members is 'Who left, was kicked or banned listens no longer.';

-- Object: groups/triggers/group_members.announce_insert.sql
create or replace trigger announce_insert
after insert on groups.group_members
referencing new table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_insert on groups.group_members is 'Who joined may listen to the channels of the group.';

-- Object: groups/triggers/groups.announce_change.sql
create or replace trigger announce_change
after update of is_public, owner_id, deleted_at on groups.groups
for each row
when ((old.is_public, old.owner_id, old.deleted_at) is distinct from (new.is_public, new.owner_id, new.deleted_at))
execute function core.announce_row('group', 'id');

comment on trigger announce_change on groups.groups is 'Listeners of the channels are checked again: what a person may read follows from this.';

-- Object: groups/triggers/roles.announce_change.sql
create or replace trigger announce_change
after update of permissions on groups.roles
for each row
when (old.permissions is distinct from new.permissions)
execute function core.announce_row('group', 'group_id');

comment on trigger announce_change on groups.roles is 'Listeners of the channels are checked again: what a person may read follows from this.';

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop trigger announce_change on groups.roles;
drop trigger announce_change on groups.groups;
drop trigger announce_insert on groups.group_members;
drop trigger announce_delete on groups.group_members;
drop trigger announce_insert on groups.group_member_roles;
drop trigger announce_delete on groups.group_member_roles;
drop trigger announce_change on groups.channels;
drop trigger announce_update on groups.channel_permission_overrides;
drop trigger announce_insert on groups.channel_permission_overrides;
drop trigger announce_delete on groups.channel_permission_overrides;

-- Object: groups/functions/append_message.sql
create or replace function groups.append_message(
  p_channel_id uuid,
  p_type text,
  p_sender_id uuid default null,
  p_webhook_id uuid default null,
  p_content text default '',
  p_reply_to_id uuid default null,
  p_tts boolean default false,
  p_mention_everyone boolean default false,
  p_metadata jsonb default null
)
returns groups.channel_messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  channel groups.channels;
  message groups.channel_messages;
begin
  select * into channel
  from groups.channels as target
  where target.id = p_channel_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  insert into groups.channel_messages (
    channel_id, id, seq, sender_id, webhook_id, type, content, reply_to_id, tts, mention_everyone, metadata
  )
  values (
    p_channel_id, groups.next_id(channel.last_message_id), channel.last_seq + 1, p_sender_id, p_webhook_id, p_type, p_content,
    p_reply_to_id, p_tts, p_mention_everyone, p_metadata
  )
  returning * into message;
  update groups.channels as target
  set last_seq = message.seq,
      last_message_id = message.id,
      last_message_at = clock_timestamp()
  where target.id = p_channel_id;
  if channel.type = 'thread' then
    update groups.threads as thread
    set message_count = thread.message_count + 1,
        archived_at = null
    where thread.channel_id = p_channel_id;
  end if;
  return message;
end
$$;

comment on function groups.append_message(uuid, text, uuid, uuid, text, uuid, boolean, boolean, jsonb) is
  'Internal. Writes a message at the end of a channel: everything that writes messages comes through here. Locks the channel until the transaction ends, makes identifier and sequence number under that lock, moves the channel''s newest message and, in a thread, its count. Refuses a channel that was deleted meanwhile (channel.unknown).';

revoke all on function groups.append_message(uuid, text, uuid, uuid, text, uuid, boolean, boolean, jsonb) from public;

-- Object: groups/functions/ban.sql
create or replace function groups.ban(
  p_group_id uuid,
  p_user_id uuid,
  p_reason text default null,
  p_until timestamptz default null,
  p_delete_days integer default 0
)
returns groups.bans
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 512, false);
  target_group groups.groups;
  made groups.bans;
  doomed uuid[];
begin
  -- The lock lets no join pass between the ban and the end of the membership.
  target_group := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'BAN_MEMBERS');
  if p_until <= clock_timestamp() then
    perform core.fail('group_ban.until_past');
  end if;
  if p_delete_days is null or p_delete_days not between 0 and 7 then
    perform core.fail('input.malformed');
  end if;
  if not exists (select from core.users as person where person.id = p_user_id and person.erased_at is null) then
    perform core.fail('user.unknown');
  end if;
  if p_user_id in (me, target_group.owner_id) then
    perform core.fail('group_ban.protected');
  end if;
  perform groups.require_above(p_group_id, p_user_id);

  insert into groups.bans as barred (group_id, user_id, banned_by, reason, expires_at)
  values (p_group_id, p_user_id, me, why, p_until)
  on conflict (group_id, user_id) do update
  set banned_by = excluded.banned_by,
      reason = excluded.reason,
      expires_at = excluded.expires_at,
      inserted_at = excluded.inserted_at
  returning * into made;
  delete from groups.group_members as gone where gone.group_id = p_group_id and gone.user_id = p_user_id;
  update groups.invites as invite
  set revoked_at = now()
  where invite.group_id = p_group_id
    and invite.created_by = p_user_id
    and invite.revoked_at is null;
  if p_delete_days > 0 then
    -- Locked in the order of their keys, as every deletion of several messages does.
    doomed := array(
      select locked.id
      from (
        select message.channel_id, message.id
        from groups.channel_messages as message
        join groups.channels as channel on channel.id = message.channel_id
        where message.sender_id = p_user_id
          and message.id >= core.uuidv7_floor(now() - make_interval(days => p_delete_days))
          and message.deleted_at is null
          and channel.group_id = p_group_id
        order by message.channel_id, message.id
        for no key update of message
      ) as locked
    );
    update groups.channel_messages as message
    set deleted_at = now(),
        deleted_by = me
    where message.sender_id = p_user_id
      and message.id = any (doomed);
    delete from groups.pinned_messages as pin where pin.message_id = any (doomed) and pin.channel_id in (
      select channel.id from groups.channels as channel where channel.group_id = p_group_id
    );
  end if;

  perform audit.record(
    'ban_from_group', 'groups.bans', p_user_id, null,
    jsonb_build_object('expires_at', p_until, 'delete_days', p_delete_days), why, p_group_id,
    jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'moderation', 'You were banned from the group ' || target_group.name, why,
    jsonb_build_object('group_id', p_group_id, 'expires_at', p_until)
  );
  return made;
end
$$;

comment on function groups.ban(uuid, uuid, text, timestamptz, integer) is
  E'@name ban_from_group\nBars a person, member or not, from a group until a time, or for good. They stop belonging, lose roles and overrides, leave voice, and the invitations that they made are withdrawn; with delete_days 1 to 7 their messages of that many days are deleted. A ban there already is replaced. Needs BAN_MEMBERS (group.not_allowed) and a higher rank (group.hierarchy). Refuses the caller and the owner (group_ban.protected), an end in the past (group_ban.until_past), other numbers of days (input.malformed), an unknown account (user.unknown). Limit: reason 512 characters. Audited; the person is told.';

revoke all on function groups.ban(uuid, uuid, text, timestamptz, integer) from public;
grant execute on function groups.ban(uuid, uuid, text, timestamptz, integer) to stoa_member;

-- Object: groups/functions/bulk_delete.sql
create or replace function groups.bulk_delete(p_channel_id uuid, p_message_ids uuid[], p_reason text default null)
returns integer
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 500, false);
  ids constant uuid[] := array(select distinct given.id from unnest(p_message_ids) as given (id));
  channel groups.channels;
  deleted integer;
begin
  channel := groups.permitted_channel(p_channel_id, 'MANAGE_MESSAGES');
  if cardinality(ids) not between 1 and 100 then
    perform core.fail('channel_message.list_invalid');
  end if;
  if exists (select from unnest(ids) as given (id) where given.id < core.uuidv7_floor(now() - interval '14 days')) then
    perform core.fail('channel_message.too_old');
  end if;
  perform from groups.channels as target where target.id = p_channel_id for no key update;
  perform
  from groups.channel_messages as message
  where message.channel_id = p_channel_id and message.id = any (ids)
  order by message.id
  for no key update;
  if (
    select count(*) from groups.channel_messages as message where message.channel_id = p_channel_id and message.id = any (ids)
  ) <> cardinality(ids) then
    perform core.fail('channel_message.unknown');
  end if;
  update groups.channel_messages as message
  set deleted_at = now(),
      deleted_by = me
  where message.channel_id = p_channel_id
    and message.id = any (ids)
    and message.deleted_at is null;
  get diagnostics deleted = row_count;
  delete from groups.pinned_messages as pin where pin.channel_id = p_channel_id and pin.message_id = any (ids);
  perform audit.record(
    'bulk_delete_channel_messages', 'groups.channels', p_channel_id, null,
    jsonb_build_object('message_ids', to_jsonb(ids)), why, channel.group_id
  );
  return deleted;
end
$$;

comment on function groups.bulk_delete(uuid, uuid[], text) is
  E'@name bulk_delete_channel_messages\nDeletes up to 100 messages of a channel that are at most 14 days old, and returns how many it deleted; those deleted before do not count. Needs MANAGE_MESSAGES (channel.not_allowed). Refuses channel.unknown, an empty or longer list (channel_message.list_invalid), messages that are not there (channel_message.unknown) or older (channel_message.too_old). Limit: reason 500 characters. Audited.';

revoke all on function groups.bulk_delete(uuid, uuid[], text) from public;
grant execute on function groups.bulk_delete(uuid, uuid[], text) to stoa_member;

-- Object: groups/functions/delete_channel_message.sql
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

-- End of objects
