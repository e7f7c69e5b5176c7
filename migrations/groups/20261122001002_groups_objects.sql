-- Why: what is defined in sql/groups: 152 functions, 1 view, 20 triggers, policies of 24 tables, as they stand under sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on groups.bans, groups.channel_categories,
--   groups.channel_messages, groups.channel_permission_overrides, groups.channel_reads, groups.channels,
--   groups.custom_emojis, groups.group_member_roles, groups.group_members, groups.group_settings,
--   groups.groups, groups.invites, groups.message_attachments, groups.message_mentions,
--   groups.message_reactions, groups.permission_bits, groups.pinned_messages, groups.roles,
--   groups.slowmode_marks, groups.thread_members, groups.threads, groups.voice_sessions, groups.webhooks
--   (policies); SHARE ROW EXCLUSIVE, for an instant, on groups.channel_categories, groups.channel_messages,
--   groups.channel_permission_overrides, groups.channels, groups.custom_emojis, groups.group_member_roles,
--   groups.group_members, groups.group_settings, groups.groups, groups.message_attachments,
--   groups.message_mentions, groups.roles, groups.threads, core.users, groups.webhooks (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: groups/functions/ack.sql
create or replace function groups.ack(p_channel_id uuid, p_message_id uuid)
returns groups.channel_reads
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  reached bigint;
  marker groups.channel_reads;
begin
  channel := groups.visible_channel(p_channel_id);
  perform
  from groups.group_members as member
  where member.group_id = channel.group_id and member.user_id = me
  for key share;
  if not found then
    perform core.fail('group_member.unknown');
  end if;
  select message.seq into reached
  from groups.channel_messages as message
  where message.channel_id = p_channel_id and message.id = p_message_id;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;

  -- The row is locked first and mentions are counted in a statement after it: one that arrives meanwhile waits.
  insert into groups.channel_reads as known (user_id, channel_id, last_read_seq, last_read_message_id, last_read_at)
  values (me, p_channel_id, reached, p_message_id, now())
  on conflict (user_id, channel_id) do update
  set last_read_seq = greatest(known.last_read_seq, excluded.last_read_seq),
      last_read_message_id = greatest(known.last_read_message_id, excluded.last_read_message_id),
      last_read_at = excluded.last_read_at
  returning * into marker;
  update groups.channel_reads as known
  set mention_count = (
    select count(*)
    from groups.message_mentions as mention
    where mention.user_id = me
      and mention.message_id > marker.last_read_message_id
      and mention.channel_id = p_channel_id
  )
  where known.user_id = me and known.channel_id = p_channel_id
  returning * into marker;
  return marker;
end
$$;

comment on function groups.ack(uuid, uuid) is
  E'@name ack_channel\nMoves the caller''s read marker in a channel forward to a message; never back. Mentions after it are counted anew. Refuses channel.unknown, channel_message.unknown, and somebody who does not belong to the group (group_member.unknown). Cost grows with the unread mentions, not with the messages.';

revoke all on function groups.ack(uuid, uuid) from public;
grant execute on function groups.ack(uuid, uuid) to stoa_member;

-- Object: groups/functions/add_to_counts.sql
create or replace function groups.add_to_counts(p_group_ids uuid[], p_members integer[], p_supporters integer[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform
  from groups.groups as target
  where target.id = any (p_group_ids)
  order by target.id
  for no key update;

  update groups.groups as target
  set member_count = target.member_count + change.members,
      premium_subscription_count = target.premium_subscription_count + change.supporters
  from (
    select step.group_id, sum(step.members)::integer as members, sum(step.supporters)::integer as supporters
    from unnest(p_group_ids, p_members, p_supporters) as step (group_id, members, supporters)
    group by step.group_id
  ) as change
  where target.id = change.group_id
    and (change.members <> 0 or change.supporters <> 0);
end
$$;

comment on function groups.add_to_counts(uuid[], integer[], integer[]) is
  'Internal. Adds to the member and supporter counts of groups, locked in the order of their keys.';

revoke all on function groups.add_to_counts(uuid[], integer[], integer[]) from public;

-- Object: groups/functions/admit.sql
create or replace function groups.admit(p_group_id uuid, p_user_id uuid, p_invite_id uuid default null)
returns groups.group_members
language plpgsql
volatile
set search_path = ''
as $$
declare
  target_group groups.groups;
  member groups.group_members;
  announced_in uuid;
begin
  select * into target_group from groups.groups as target where target.id = p_group_id;
  if target_group.member_count >= target_group.max_members then
    perform core.fail('group.full');
  end if;
  insert into groups.group_members (group_id, user_id, invite_id, pending)
  values (p_group_id, p_user_id, p_invite_id, 'screening' = any (target_group.features))
  returning * into member;
  select channel.id into announced_in
  from groups.group_settings as settings
  join groups.channels as channel on channel.id = settings.system_channel_id
  where settings.group_id = p_group_id
    and settings.system_channel_flags & 1 = 0
    and channel.deleted_at is null;
  if announced_in is not null then
    perform groups.append_message(announced_in, 'member_join', p_metadata => jsonb_build_object('user_id', p_user_id));
  end if;
  return member;
end
$$;

comment on function groups.admit(uuid, uuid, uuid) is
  'Internal. Makes somebody a member, pending where the group screens newcomers, and announces it. The caller holds the lock of the group. Refuses a group with as many members as it may have (group.full).';

revoke all on function groups.admit(uuid, uuid, uuid) from public;

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

-- Object: groups/functions/archive_chat.sql
create or replace function groups.archive_chat(
  p_channel_id uuid,
  p_before timestamptz,
  p_now timestamptz default now(),
  p_limit integer default 5000
)
returns integer
language plpgsql
volatile
-- The worker has no right to delete.
security definer
set search_path = ''
as $$
declare
  horizon timestamptz;
  doomed uuid[];
begin
  select least(p_before, p_now - make_interval(days => channel.retention_days)) into horizon
  from groups.channels as channel
  where channel.id = p_channel_id and channel.retention_days is not null;
  if horizon is null then
    return 0;
  end if;
  doomed := array(
    select locked.id
    from (
      select message.id
      from groups.channel_messages as message
      where message.channel_id = p_channel_id and message.id < core.uuidv7_floor(horizon)
      order by message.id
      limit p_limit
      for update
    ) as locked
  );
  delete from groups.channel_messages as message where message.channel_id = p_channel_id and message.id = any (doomed);
  return cardinality(doomed);
end
$$;

comment on function groups.archive_chat(uuid, timestamptz, timestamptz, integer) is
  'For the worker, after it has exported them: deletes one batch of the messages that a channel has kept for longer than it keeps messages, oldest first, with what hangs on them, and returns how many; call it until that is 0. What is younger than the channel''s retention stays whatever the caller asks; a channel without retention loses nothing.';

revoke all on function groups.archive_chat(uuid, timestamptz, timestamptz, integer) from public;
grant execute on function groups.archive_chat(uuid, timestamptz, timestamptz, integer) to stoa_worker;

-- Object: groups/functions/archive_idle_threads.sql
create or replace function groups.archive_idle_threads(p_now timestamptz default now(), p_limit integer default 500)
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  archived integer;
begin
  with silent as (
    select channel.id
    from groups.threads as thread
    join groups.channels as channel on channel.id = thread.channel_id
    where thread.archived_at is null
      and coalesce(channel.last_message_at, channel.inserted_at) <= p_now - make_interval(mins => thread.auto_archive_minutes)
    order by channel.id
    limit p_limit
    for no key update of channel skip locked
  )
  update groups.threads as thread
  set archived_at = p_now
  from silent
  where thread.channel_id = silent.id;
  get diagnostics archived = row_count;
  return archived;
end
$$;

comment on function groups.archive_idle_threads(timestamptz, integer) is
  'For the worker: archives threads that were silent for as long as they may be, at most so many at once, and returns how many. Threads that somebody writes into at the moment are left for the next run.';

revoke all on function groups.archive_idle_threads(timestamptz, integer) from public;
grant execute on function groups.archive_idle_threads(timestamptz, integer) to stoa_worker;

-- Object: groups/functions/archive_thread.sql
create or replace function groups.archive_thread(p_thread_id uuid)
returns groups.threads
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  thread groups.threads;
begin
  perform groups.locked_thread(p_thread_id, true);
  update groups.threads as target
  set archived_at = coalesce(target.archived_at, now())
  where target.channel_id = p_thread_id
  returning * into thread;
  return thread;
end
$$;

comment on function groups.archive_thread(uuid) is
  'Archives a thread: it leaves the list of running ones, and the next message brings it back. Whoever started it, or holds MANAGE_THREADS (channel.not_allowed). Twice changes nothing. Refuses channel.unknown and thread.unknown.';

revoke all on function groups.archive_thread(uuid) from public;
grant execute on function groups.archive_thread(uuid) to stoa_member;

-- Object: groups/functions/assign_role.sql
create or replace function groups.assign_role(p_group_id uuid, p_user_id uuid, p_role_id uuid)
returns groups.group_member_roles
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  role groups.roles;
  assigned groups.group_member_roles;
begin
  role := groups.assignable_role(p_group_id, p_user_id, p_role_id);
  insert into groups.group_member_roles (group_id, user_id, role_id, assigned_by)
  values (p_group_id, p_user_id, p_role_id, me)
  on conflict do nothing
  returning * into assigned;
  if not found then
    select * into assigned
    from groups.group_member_roles as known
    where known.group_id = p_group_id and known.user_id = p_user_id and known.role_id = p_role_id;
    return assigned;
  end if;
  perform audit.record(
    'assign_group_role', 'groups.group_member_roles', p_user_id, null, jsonb_build_object('role_id', p_role_id, 'name', role.name),
    null, p_group_id, jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id, 'role_id', p_role_id)
  );
  return assigned;
end
$$;

comment on function groups.assign_role(uuid, uuid, uuid) is
  E'@name assign_group_role\nGives a role to a member; twice changes nothing. Needs MANAGE_ROLES (group.not_allowed), a rank above the role''s and, towards others, the member''s (group.hierarchy), and every permission of the role (group_role.bits_not_held). Refuses group_role.unknown, group_member.unknown, and the default role and those of integrations (group_role.not_assignable). Audited.';

revoke all on function groups.assign_role(uuid, uuid, uuid) from public;
grant execute on function groups.assign_role(uuid, uuid, uuid) to stoa_member;

-- Object: groups/functions/assignable_role.sql
create or replace function groups.assignable_role(p_group_id uuid, p_user_id uuid, p_role_id uuid)
returns groups.roles
language plpgsql
volatile
set search_path = ''
as $$
declare
  role groups.roles;
begin
  perform groups.locked_group(p_group_id);
  if not exists (select from groups.roles as known where known.id = p_role_id and known.group_id = p_group_id) then
    perform core.fail('group_role.unknown');
  end if;
  role := groups.managed_role(p_role_id);
  if role.is_default or role.managed then
    perform core.fail('group_role.not_assignable');
  end if;
  perform groups.require_membership(p_group_id, p_user_id);
  if p_user_id <> core.current_user_id() then
    perform groups.require_above(p_group_id, p_user_id);
  end if;
  perform groups.check_role_bits(0, role.permissions, groups.my_permissions(p_group_id));
  return role;
end
$$;

comment on function groups.assignable_role(uuid, uuid, uuid) is
  'Internal. A role that the caller may give to or take from a member: below the caller''s highest, with permissions that the caller holds; and a member who ranks below, or the caller. The group is locked. Refuses group_role.unknown, group.not_allowed, group.hierarchy, group_role.bits_not_held, group_role.not_assignable and group_member.unknown.';

revoke all on function groups.assignable_role(uuid, uuid, uuid) from public;

-- Object: groups/functions/attach_uploads.sql
create or replace function groups.attach_uploads(p_message groups.channel_messages, p_upload_ids uuid[])
returns groups.channel_messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  usable integer;
  message groups.channel_messages;
begin
  if cardinality(p_upload_ids) > 10 then
    perform core.fail('channel_message.upload_unusable');
  end if;
  -- Locked in the order of their keys, so that none is deleted between the check and the attachment.
  select count(*) into usable
  from (
    select upload.id
    from media.uploads as upload
    where upload.id = any (p_upload_ids)
      and upload.user_id = core.current_user_id()
      and upload.status = 'ready'
      and upload.deleted_at is null
    order by upload.id
    for no key update
  ) as found_upload;
  if usable <> cardinality(p_upload_ids) then
    perform core.fail('channel_message.upload_unusable');
  end if;

  insert into groups.message_attachments (
    channel_id, message_id, position, upload_id, filename, content_type, size_bytes, width, height
  )
  select
    p_message.channel_id, p_message.id, file.number - 1, upload.id, upload.filename, upload.content_type, upload.size_bytes,
    upload.width, upload.height
  from unnest(p_upload_ids) with ordinality as file (upload_id, number)
  join media.uploads as upload on upload.id = file.upload_id;
  update groups.channel_messages as target
  set type = case
    when exists (
      select
      from groups.message_attachments as file
      where file.channel_id = p_message.channel_id
        and file.message_id = p_message.id
        and file.content_type not like 'image/%'
    ) then 'file'
    else 'image'
  end
  where target.channel_id = p_message.channel_id and target.id = p_message.id
  returning * into message;
  return message;
end
$$;

comment on function groups.attach_uploads(groups.channel_messages, uuid[]) is
  'Internal. Makes one to ten finished uploads of the caller the files of a message, in this order, described as they are now; the message becomes one of type image or file. Refuses others, doubles and more (channel_message.upload_unusable).';

revoke all on function groups.attach_uploads(groups.channel_messages, uuid[]) from public;

-- Object: groups/functions/audit_log.sql
create or replace function groups.audit_log(p_group_id uuid, p_before uuid default null, p_first integer default 25)
returns table (id uuid, actor_id uuid, action text, resource_type text, resource_id uuid, old_values jsonb, new_values jsonb, reason text, at timestamptz)
language plpgsql
stable
rows 25
-- The log is readable to the staff of the platform; its addresses are left out here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  perform groups.known_group(p_group_id);
  perform groups.require_permission(p_group_id, 'VIEW_AUDIT_LOG');
  return query
    select
      entry.id, entry.actor_id, entry.action::text, entry.resource_type::text, entry.resource_id,
      entry.old_values, entry.new_values, entry.reason::text, core.uuidv7_time(entry.id)
    from audit.logs as entry
    where entry.group_id = p_group_id
      and entry.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by entry.id desc
    limit groups.page_size(p_first);
end
$$;

comment on function groups.audit_log(uuid, uuid, integer) is
  E'@name group_audit_log\nWhat was done in a group, the newest first: one page of at most 100 entries; before is the id of the last entry of the page before. Needs VIEW_AUDIT_LOG (group.not_allowed). Refuses group.unknown. One index range.';

revoke all on function groups.audit_log(uuid, uuid, integer) from public;
grant execute on function groups.audit_log(uuid, uuid, integer) to stoa_member;

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

-- Object: groups/functions/caller_id.sql
create or replace function groups.caller_id()
returns uuid
language sql
stable
begin atomic
  select case when core.current_role_rank() > 0 then core.current_user_id() end;
end;

comment on function groups.caller_id() is
  'Internal. The account of the caller, null for a visitor. An account that is banned or disabled comes as a visitor and reads what visitors read.';

revoke all on function groups.caller_id() from public;

-- Object: groups/functions/can.sql
create or replace function groups.can(p_channel_id uuid, p_permission text)
returns boolean
language plpgsql
stable
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
declare
  home uuid;
begin
  select channel.group_id into home from groups.channels as channel where channel.id = p_channel_id;
  return home is not null and groups.my_permissions(home, p_channel_id) & groups.permission(p_permission) <> 0;
end
$$;

comment on function groups.can(uuid, text) is
  E'@internal\nWhether the caller holds a permission, named as in permission_bits, in a channel. Reading procedures ask once and then read as the owner of the tables; policies use groups.my_readable_channel_ids instead.';

revoke all on function groups.can(uuid, text) from public;
grant execute on function groups.can(uuid, text) to stoa_anonymous;

-- Object: groups/functions/can_in_group.sql
create or replace function groups.can_in_group(p_group_id uuid, p_permission text)
returns boolean
language plpgsql
stable
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
begin
  return groups.my_permissions(p_group_id) & groups.permission(p_permission) <> 0;
end
$$;

comment on function groups.can_in_group(uuid, text) is
  E'@internal\nWhether the caller holds a permission, named as in permission_bits, in a group as a whole.';

revoke all on function groups.can_in_group(uuid, text) from public;
grant execute on function groups.can_in_group(uuid, text) to stoa_anonymous;

-- Object: groups/functions/channel_permissions_of_caller.sql
create or replace function groups.channel_permissions_of_caller(p_from_outside boolean, p_group_id uuid default null)
returns table (channel_id uuid, permissions bigint)
language plpgsql
stable
rows 100
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
declare
  me constant uuid := groups.caller_id();
begin
  if p_from_outside and core.current_role_rank() = 0 and not groups.is_open_to_visitors() then
    return;
  end if;

  return query
    with standing as (
      select
        member.group_id,
        target.owner_id = me as is_owner,
        true as is_member,
        coalesce(member.pending or member.muted_until > now(), false) as is_restricted
      from groups.group_members as member
      join groups.groups as target on target.id = member.group_id
      where not p_from_outside
        and member.user_id = me
        and target.deleted_at is null
        and (p_group_id is null or member.group_id = p_group_id)
      union all
      select target.id, false, false, false
      from groups.groups as target
      where p_from_outside
        and target.is_public
        and target.deleted_at is null
        and (p_group_id is null or target.id = p_group_id)
        and not exists (
          select from groups.group_members as member where member.group_id = target.id and member.user_id = me
        )
        and not exists (
          select
          from groups.bans as ban
          where ban.group_id = target.id
            and ban.user_id = me
            and (ban.expires_at is null or ban.expires_at > clock_timestamp())
        )
    ),
    held as materialized (
      select role.group_id, role.id, role.permissions, role.is_default
      from standing
      join groups.roles as role on role.group_id = standing.group_id
      where role.is_default
        or (
          standing.is_member
          and role.id in (select assigned.role_id from groups.group_member_roles as assigned where assigned.user_id = me)
        )
    ),
    base as (
      select
        standing.group_id,
        standing.is_member,
        standing.is_restricted,
        coalesce(total.bits, 0) as bits,
        standing.is_member and (standing.is_owner or coalesce(total.bits, 0) & 8 <> 0) as is_unlimited
      from standing
      left join (
        select held.group_id, bit_or(held.permissions) as bits
        from held
        group by held.group_id
      ) as total on total.group_id = standing.group_id
    ),
    change as materialized (
      select
        override.channel_id,
        override.category_id,
        bit_or(override.deny) filter (where held.is_default) as default_deny,
        bit_or(override.allow) filter (where held.is_default) as default_allow,
        bit_or(override.deny) filter (where not held.is_default) as roles_deny,
        bit_or(override.allow) filter (where not held.is_default) as roles_allow,
        bit_or(override.deny) filter (where held.id is null) as member_deny,
        bit_or(override.allow) filter (where held.id is null) as member_allow
      from standing
      join groups.channel_permission_overrides as override on override.group_id = standing.group_id
      left join held on held.id = override.role_id
      where held.id is not null
        or override.user_id = me
      group by override.channel_id, override.category_id
    )
    select
      channel.id,
      case
        when base.is_unlimited then groups.every_permission()
        else groups.in_force(
          groups.overridden(
            groups.overridden(
              base.bits,
              inherited.default_deny, inherited.default_allow,
              inherited.roles_deny, inherited.roles_allow,
              inherited.member_deny, inherited.member_allow
            ) & case when channel.is_private then ~1024::bigint else ~0::bigint end,
            own.default_deny, own.default_allow,
            own.roles_deny, own.roles_allow,
            own.member_deny, own.member_allow
          ),
          base.is_member, base.is_restricted, true
        )
      end
    from base
    join groups.channels as channel on channel.group_id = base.group_id
    left join change as inherited on inherited.category_id = channel.category_id
    left join change as own on own.channel_id = channel.id
    where channel.type <> 'thread'
      and channel.deleted_at is null;
end
$$;

comment on function groups.channel_permissions_of_caller(boolean, uuid) is
  'Internal. groups.permissions_of for sets: the caller''s permissions in every live channel (threads follow their parents) of the groups that the caller belongs to, or, from outside, of the public groups that the caller does not belong to and is not banned from; in all of them or in one. One statement of hashed joins over the caller''s roles and overrides.';

revoke all on function groups.channel_permissions_of_caller(boolean, uuid) from public;

-- Object: groups/functions/channels_my_permissions.sql
create or replace function groups.channels_my_permissions(p_channel groups.channels)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  return groups.my_permissions(p_channel.group_id, p_channel.id);
end
$$;

comment on function groups.channels_my_permissions(groups.channels) is
  'What the caller may do in the channel, as a bitfield; see my_group_permissions.';

revoke all on function groups.channels_my_permissions(groups.channels) from public;
grant execute on function groups.channels_my_permissions(groups.channels) to stoa_anonymous;

-- Object: groups/functions/channels_unread_count.sql
create or replace function groups.channels_unread_count(p_channel groups.channels)
returns bigint
language plpgsql
stable
-- Reads the caller's own marker and the messages that it points between.
security definer
set search_path = ''
as $$
begin
  return (
    select groups.unread_after(p_channel.id, p_channel.last_seq, marker.last_read_seq, member.joined_at)
    from groups.group_members as member
    left join groups.channel_reads as marker on marker.user_id = member.user_id and marker.channel_id = p_channel.id
    where member.group_id = p_channel.group_id
      and member.user_id = groups.caller_id()
      and groups.my_permissions(p_channel.group_id, p_channel.id) & 66560 = 66560
  );
end
$$;

comment on function groups.channels_unread_count(groups.channels) is
  'How many messages of the channel the caller has not read; null for somebody who does not belong to its group. In a channel that was never opened, what came since they joined, at most 100.';

revoke all on function groups.channels_unread_count(groups.channels) from public;
grant execute on function groups.channels_unread_count(groups.channels) to stoa_member;

-- Object: groups/functions/chat_to_archive.sql
create or replace function groups.chat_to_archive(p_now timestamptz default now())
returns table (channel_id uuid, before timestamptz, messages bigint)
language plpgsql
stable
rows 10
-- Reads every channel.
security definer
set search_path = ''
as $$
begin
  return query
    select channel.id, due.before, counted.amount
    from groups.channels as channel
    cross join lateral (select p_now - make_interval(days => channel.retention_days) as before) as due
    cross join lateral (
      select count(*) as amount
      from groups.channel_messages as message
      where message.channel_id = channel.id and message.id < core.uuidv7_floor(due.before)
    ) as counted
    where channel.retention_days is not null
      and counted.amount > 0;
end
$$;

comment on function groups.chat_to_archive(timestamptz) is
  'For the worker: the channels that keep messages for a number of days only and hold older ones, the moment before which they are to be exported and deleted, and how many those are.';

revoke all on function groups.chat_to_archive(timestamptz) from public;
grant execute on function groups.chat_to_archive(timestamptz) to stoa_worker;

-- Object: groups/functions/check_category.sql
create or replace function groups.check_category(p_group_id uuid, p_category_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_category_id is not null and not exists (
    select
    from groups.channel_categories as category
    where category.group_id = p_group_id and category.id = p_category_id
  ) then
    perform core.fail('channel_category.unknown');
  end if;
end
$$;

comment on function groups.check_category(uuid, uuid) is
  'Internal. Lets null and a heading of this group pass. Refuses channel_category.unknown.';

revoke all on function groups.check_category(uuid, uuid) from public;

-- Object: groups/functions/check_emoji.sql
create or replace function groups.check_emoji(p_group_id uuid, p_channel_id uuid, p_emoji text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  home uuid;
  emoji_id uuid;
begin
  if p_emoji ~* '^custom:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    emoji_id := substring(p_emoji from 8)::uuid;
    select emoji.group_id into home from groups.custom_emojis as emoji where emoji.id = emoji_id;
    if home is null or (home <> p_group_id and home not in (select groups.my_group_ids())) then
      perform core.fail('channel_reaction.emoji_invalid');
    end if;
    if home <> p_group_id and not groups.can(p_channel_id, 'USE_EXTERNAL_EMOJI') then
      perform core.fail('channel.not_allowed');
    end if;
    return emoji_id;
  end if;
  -- The sequences of Unicode are many and grow; none holds letters or white space, and all hold something beyond ASCII.
  if p_emoji is null
    or char_length(p_emoji) > 32
    or p_emoji ~ '[[:space:][:cntrl:]A-Za-z]'
    or p_emoji !~ '[^\x01-\x7f]'
  then
    perform core.fail('channel_reaction.emoji_invalid');
  end if;
  return null;
end
$$;

comment on function groups.check_emoji(uuid, uuid, text) is
  'Internal. Null for an emoji of Unicode, the id for custom:<id>: of this group, or of another one that the caller belongs to with USE_EXTERNAL_EMOJI (channel.not_allowed). Refuses anything else (channel_reaction.emoji_invalid).';

revoke all on function groups.check_emoji(uuid, uuid, text) from public;

-- Object: groups/functions/check_order.sql
create or replace function groups.check_order(p_given uuid[], p_wanted uuid[])
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_given is null
    or cardinality(p_given) <> cardinality(p_wanted)
    or not (p_given @> p_wanted and p_wanted @> p_given)
    or array_position(p_given, null) is not null
  then
    perform core.fail('group.order_incomplete');
  end if;
end
$$;

comment on function groups.check_order(uuid[], uuid[]) is
  'Internal. Lets a new order pass when it holds exactly what there is, each once. Refuses group.order_incomplete.';

revoke all on function groups.check_order(uuid[], uuid[]) from public;

-- Object: groups/functions/check_owned_limit.sql
create or replace function groups.check_owned_limit(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('groups.owned:' || p_user_id, 0));
  if (
    select count(*) from groups.groups as owned where owned.owner_id = p_user_id and owned.deleted_at is null
  ) >= core.setting_integer('groups.owned_limit') then
    perform core.fail('group.limit_reached');
  end if;
end
$$;

comment on function groups.check_owned_limit(uuid) is
  'Internal. Refuses (group.limit_reached) another group for somebody who owns as many as the setting groups.owned_limit allows. Two at once by one person wait for each other.';

revoke all on function groups.check_owned_limit(uuid) from public;

-- Object: groups/functions/check_patch_types.sql
create or replace function groups.check_patch_types(p_patch jsonb, p_texts text[], p_flags text[], p_numbers text[], p_nullable text[])
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  perform core.check_patch(p_patch, p_texts || p_flags || p_numbers);
  if exists (
    select
    from jsonb_each(p_patch) as field
    where not (
      (jsonb_typeof(field.value) = 'string' and field.key = any (p_texts))
      or (jsonb_typeof(field.value) = 'boolean' and field.key = any (p_flags))
      or (
        jsonb_typeof(field.value) = 'number'
        and field.key = any (p_numbers)
        and field.value::text ~ '^-?[0-9]{1,10}$'
        and (field.value::text)::bigint between -2147483648 and 2147483647
      )
      or (jsonb_typeof(field.value) = 'null' and field.key = any (p_nullable))
    )
  ) then
    perform core.fail('input.malformed');
  end if;
end
$$;

comment on function groups.check_patch_types(jsonb, text[], text[], text[], text[]) is
  'Internal. Lets a patch pass when each of its fields is known and of its kind: texts, booleans, whole numbers of at most ten digits, and null where a field can be cleared. Refuses input.unknown_key and input.malformed.';

revoke all on function groups.check_patch_types(jsonb, text[], text[], text[], text[]) from public;

-- Object: groups/functions/check_role_bits.sql
create or replace function groups.check_role_bits(p_before bigint, p_after bigint, p_held bigint)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_after is null or p_after < 0 or p_after & ~groups.every_permission() <> 0 then
    perform core.fail('group_role.bits_invalid');
  end if;
  if (p_before # p_after) & ~p_held <> 0 then
    perform core.fail('group_role.bits_not_held');
  end if;
end
$$;

comment on function groups.check_role_bits(bigint, bigint, bigint) is
  'Internal. Lets a change of a bitfield pass when it changes only bits that exist and that the caller holds. Refuses group_role.bits_invalid and group_role.bits_not_held.';

revoke all on function groups.check_role_bits(bigint, bigint, bigint) from public;

-- Object: groups/functions/check_second_factor.sql
create or replace function groups.check_second_factor(p_group_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if exists (
    select from groups.group_settings as settings where settings.group_id = p_group_id and settings.mfa_level = 1
  ) and not groups.has_second_factor(core.current_user_id()) then
    perform core.fail('group.second_factor_required');
  end if;
end
$$;

comment on function groups.check_second_factor(uuid) is
  'Internal. Where the group demands it (mfa_level 1), refuses a caller whose account has no second factor (group.second_factor_required).';

revoke all on function groups.check_second_factor(uuid) from public;

-- Object: groups/functions/check_slow_mode.sql
create or replace function groups.check_slow_mode(p_channel_id uuid, p_user_id uuid, p_seconds integer)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  earlier timestamptz;
begin
  -- clock_timestamp and not now(): who waited for the mark would else compare it with a moment before the wait.
  insert into groups.slowmode_marks as mark (channel_id, user_id, last_sent_at)
  values (p_channel_id, p_user_id, clock_timestamp())
  on conflict (channel_id, user_id) do update
  set last_sent_at = clock_timestamp()
  where mark.last_sent_at <= clock_timestamp() - make_interval(secs => p_seconds);
  if not found then
    select mark.last_sent_at into earlier
    from groups.slowmode_marks as mark
    where mark.channel_id = p_channel_id and mark.user_id = p_user_id;
    perform core.fail(
      'channel.slow_mode',
      greatest(1, ceil(extract(epoch from earlier + make_interval(secs => p_seconds) - clock_timestamp()))::integer)
    );
  end if;
end
$$;

comment on function groups.check_slow_mode(uuid, uuid, integer) is
  'Internal. Lets one message of a person through each so many seconds: a single upsert, so that of several at once one passes. Refuses the others with the seconds to wait (channel.slow_mode).';

revoke all on function groups.check_slow_mode(uuid, uuid, integer) from public;

-- Object: groups/functions/clean_url.sql
create or replace function groups.clean_url(p_url text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  cleaned constant text := nullif(btrim(p_url), '');
begin
  if char_length(cleaned) > 2000 or cleaned !~* '^https?://[^[:space:]/?#]+[^[:space:]]*$' then
    perform core.fail('group.url_invalid');
  end if;
  return lower(substring(cleaned from '^[A-Za-z]+')) || substring(cleaned from '^[A-Za-z]+(.*)$');
end
$$;

comment on function groups.clean_url(text) is
  'Internal. A web address with its scheme in lower case, or null. Refuses anything that is not http or https, holds white space or is longer than 2,000 characters (group.url_invalid).';

revoke all on function groups.clean_url(text) from public;

-- Object: groups/functions/clear_override.sql
create or replace function groups.clear_override(
  p_channel_id uuid default null,
  p_category_id uuid default null,
  p_role_id uuid default null,
  p_user_id uuid default null
)
returns groups.channel_permission_overrides
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  target record;
  override groups.channel_permission_overrides;
begin
  select * into target from groups.override_target(p_channel_id, p_category_id, p_role_id, p_user_id);
  if target.override_id is null then
    perform core.fail('override.unknown');
  end if;
  perform groups.check_role_bits(target.allow | target.deny, 0, target.held);
  delete from groups.channel_permission_overrides as known where known.id = target.override_id returning * into override;
  perform audit.record(
    'clear_permission_override', 'groups.channel_permission_overrides', override.id,
    jsonb_build_object('allow', override.allow::text, 'deny', override.deny::text), null, p_group_id => target.group_id
  );
  return override;
end
$$;

comment on function groups.clear_override(uuid, uuid, uuid, uuid) is
  E'@name clear_permission_override\nRemoves an override. Needs what setting it needs. Refuses also one that is not there (override.unknown). Audited.';

revoke all on function groups.clear_override(uuid, uuid, uuid, uuid) from public;
grant execute on function groups.clear_override(uuid, uuid, uuid, uuid) to stoa_member;

-- Object: groups/functions/clear_reactions.sql
create or replace function groups.clear_reactions(p_channel_id uuid, p_message_id uuid, p_emoji text default null)
returns integer
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  removed integer;
begin
  channel := groups.permitted_channel(p_channel_id, 'MANAGE_MESSAGES');
  perform groups.locked_message(p_channel_id, p_message_id);
  delete from groups.message_reactions as reaction
  where reaction.channel_id = p_channel_id
    and reaction.message_id = p_message_id
    and (p_emoji is null or reaction.emoji = p_emoji);
  get diagnostics removed = row_count;
  perform audit.record(
    'clear_channel_reactions', 'groups.channel_messages', p_message_id, null, jsonb_build_object('emoji', p_emoji, 'removed', removed),
    null, channel.group_id, jsonb_build_object('channel_id', p_channel_id, 'id', p_message_id)
  );
  return removed;
end
$$;

comment on function groups.clear_reactions(uuid, uuid, text) is
  E'@name clear_channel_reactions\nRemoves all reactions to a message, or those with one emoji; returns how many. Needs MANAGE_MESSAGES (channel.not_allowed). Refuses channel.unknown and channel_message.unknown. Audited.';

revoke all on function groups.clear_reactions(uuid, uuid, text) from public;
grant execute on function groups.clear_reactions(uuid, uuid, text) to stoa_member;

-- Object: groups/functions/close_stale_voice_sessions.sql
create or replace function groups.close_stale_voice_sessions(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  closed integer;
begin
  update groups.voice_sessions as session
  set left_at = greatest(session.last_heartbeat_at, session.joined_at)
  where session.id in (
    select stale.id
    from groups.voice_sessions as stale
    where stale.left_at is null and stale.last_heartbeat_at <= p_now - interval '2 minutes'
    order by stale.id
    for no key update skip locked
  );
  get diagnostics closed = row_count;
  return closed;
end
$$;

comment on function groups.close_stale_voice_sessions(timestamptz) is
  'For the worker: ends voice sessions that were not heard of for two minutes, and returns how many. They end when they were last heard of.';

revoke all on function groups.close_stale_voice_sessions(timestamptz) from public;
grant execute on function groups.close_stale_voice_sessions(timestamptz) to stoa_worker;

-- Object: groups/functions/count_members.sql
create or replace function groups.count_members()
returns trigger
language plpgsql
volatile
-- Fires for whoever writes a membership; the counters are nobody's to write.
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    perform groups.add_to_counts(
      array_agg(changed.group_id), array_agg(1), array_agg((changed.premium_since is not null)::integer)
    ) from changed;
  elsif tg_op = 'DELETE' then
    perform groups.add_to_counts(
      array_agg(changed.group_id), array_agg(-1), array_agg(-(changed.premium_since is not null)::integer)
    ) from changed;
  else
    perform groups.add_to_counts(
      array_agg(after.group_id),
      array_agg(0),
      array_agg((after.premium_since is not null)::integer - (before.premium_since is not null)::integer)
    )
    from before
    join after using (group_id, user_id)
    where (before.premium_since is null) <> (after.premium_since is null);
  end if;
  return null;
end
$$;

comment on function groups.count_members() is
  'Trigger. Keeps groups.member_count and groups.premium_subscription_count: one update a group and statement, groups locked in the order of their keys.';

revoke all on function groups.count_members() from public;

-- Object: groups/functions/count_mentions.sql
create or replace function groups.count_mentions()
returns trigger
language plpgsql
volatile
-- Fires for whoever writes a mention; the counters are those of other people.
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into groups.channel_reads (user_id, channel_id)
    select distinct changed.user_id, changed.channel_id
    from changed
    join groups.channels as channel on channel.id = changed.channel_id
    join groups.group_members as member on member.group_id = channel.group_id and member.user_id = changed.user_id
    order by 1, 2
    on conflict do nothing;
  end if;
  perform
  from groups.channel_reads as marker
  where (marker.user_id, marker.channel_id) in (
    select changed.user_id, changed.channel_id from changed where changed.user_id is not null
  )
  order by marker.user_id, marker.channel_id
  for no key update;
  update groups.channel_reads as marker
  set mention_count = greatest(0, marker.mention_count + case tg_op when 'INSERT' then counted.amount else -counted.amount end)
  from (
    select reader.user_id, reader.channel_id, count(*)::integer as amount
    from changed
    join groups.channel_reads as reader on reader.user_id = changed.user_id and reader.channel_id = changed.channel_id
    join groups.channels as channel on channel.id = changed.channel_id
    join groups.group_members as member on member.group_id = channel.group_id and member.user_id = changed.user_id
    where case
      when reader.last_read_message_id is null then changed.message_id >= core.uuidv7_floor(member.joined_at)
      else changed.message_id > reader.last_read_message_id
    end
    group by reader.user_id, reader.channel_id
  ) as counted
  where marker.user_id = counted.user_id
    and marker.channel_id = counted.channel_id;
  return null;
end
$$;

comment on function groups.count_mentions() is
  'Trigger. Keeps channel_reads.mention_count: mentions after the reader''s marker, or, in a channel that they never opened, since they came. Rows are made if missing, then locked in the order of their keys, then counted in a statement of their own: one that counted while it waited would use what it saw before.';

revoke all on function groups.count_mentions() from public;

-- Object: groups/functions/create_category.sql
create or replace function groups.create_category(p_group_id uuid, p_name text)
returns groups.channel_categories
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category groups.channel_categories;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_CHANNELS');
  if (select count(*) from groups.channel_categories as counted where counted.group_id = p_group_id) >= 50 then
    perform core.fail('channel_category.limit_reached');
  end if;
  insert into groups.channel_categories (group_id, name, position)
  values (
    p_group_id, core.clean_text(p_name, 100),
    (
      select coalesce(max(other.position) + 1, 0) from groups.channel_categories as other where other.group_id = p_group_id
    )
  )
  returning * into category;
  return category;
end
$$;

comment on function groups.create_category(uuid, text) is
  E'@name create_channel_category\nAdds a heading to a group, after the others. Needs MANAGE_CHANNELS (group.not_allowed). Refuses more than 50 (channel_category.limit_reached). Limit: 100 characters.';

revoke all on function groups.create_category(uuid, text) from public;
grant execute on function groups.create_category(uuid, text) to stoa_member;

-- Object: groups/functions/create_channel.sql
create or replace function groups.create_channel(
  p_group_id uuid,
  p_name text,
  p_type text default 'text',
  p_category_id uuid default null,
  p_topic text default null,
  p_is_private boolean default false
)
returns groups.channels
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_CHANNELS');
  if p_type is null or p_type not in ('text', 'voice', 'announcement') then
    perform core.fail('channel.wrong_type');
  end if;
  perform groups.check_category(p_group_id, p_category_id);
  if (
    select count(*)
    from groups.channels as counted
    where counted.group_id = p_group_id and counted.deleted_at is null and counted.type <> 'thread'
  ) >= 500 then
    perform core.fail('channel.limit_reached');
  end if;
  insert into groups.channels (group_id, category_id, type, name, topic, is_private, position)
  values (
    p_group_id, p_category_id, p_type, core.clean_text(p_name, 100), core.clean_text(p_topic, 500, false),
    coalesce(p_is_private, false),
    (
      select coalesce(max(other.position) + 1, 0)
      from groups.channels as other
      where other.group_id = p_group_id and other.deleted_at is null and other.type <> 'thread'
    )
  )
  returning * into channel;
  perform audit.record(
    'create_channel', 'groups.channels', channel.id, null,
    jsonb_build_object('name', channel.name, 'type', channel.type), p_group_id => p_group_id
  );
  return channel;
end
$$;

comment on function groups.create_channel(uuid, text, text, uuid, text, boolean) is
  'Adds a channel of type text, voice or announcement to a group, at the end of its list. Needs MANAGE_CHANNELS (group.not_allowed). Refuses another type (channel.wrong_type), a heading of another group (channel_category.unknown), and more than 500 channels (channel.limit_reached). Limits: name 100, topic 500 characters. Audited.';

revoke all on function groups.create_channel(uuid, text, text, uuid, text, boolean) from public;
grant execute on function groups.create_channel(uuid, text, text, uuid, text, boolean) to stoa_member;

-- Object: groups/functions/create_emoji.sql
create or replace function groups.create_emoji(p_group_id uuid, p_name text, p_upload_id uuid)
returns groups.custom_emojis
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  upload media.uploads;
  emoji groups.custom_emojis;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_EMOJIS');
  if p_name is null or p_name !~ '^[a-z0-9_]{2,32}$' then
    perform core.fail('custom_emoji.name_invalid');
  end if;
  if (select count(*) from groups.custom_emojis as known where known.group_id = p_group_id) >= 200 then
    perform core.fail('custom_emoji.limit_reached');
  end if;
  select * into upload
  from media.uploads as file
  where file.id = p_upload_id
    and file.user_id = me
    and file.status = 'ready'
    and file.deleted_at is null
    and file.content_type like 'image/%'
    and file.size_bytes <= 524288
  for no key update;
  if not found then
    perform core.fail('custom_emoji.upload_unusable');
  end if;
  begin
    insert into groups.custom_emojis (group_id, name, upload_id, animated, created_by)
    values (p_group_id, p_name, p_upload_id, upload.content_type = 'image/gif', me)
    returning * into emoji;
  exception
    when unique_violation then perform core.fail('custom_emoji.name_taken');
  end;
  perform audit.record(
    'create_custom_emoji', 'groups.custom_emojis', emoji.id, null, jsonb_build_object('name', emoji.name), p_group_id => p_group_id
  );
  return emoji;
end
$$;

comment on function groups.create_emoji(uuid, text, uuid) is
  E'@name create_custom_emoji\nAdds an emoji to a group from an own finished picture of at most 512 kB. Needs MANAGE_EMOJIS (group.not_allowed). Refuses a name that is not of 2 to 32 lower-case letters, digits and underscores (custom_emoji.name_invalid) or taken (custom_emoji.name_taken), a file that cannot be used (custom_emoji.upload_unusable), and more than 200 (custom_emoji.limit_reached). Audited.';

revoke all on function groups.create_emoji(uuid, text, uuid) from public;
grant execute on function groups.create_emoji(uuid, text, uuid) to stoa_member;

-- Object: groups/functions/create_group.sql
create or replace function groups.create_group(p_name text, p_is_public boolean default false, p_description text default null)
returns groups.groups
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  group_name constant text := core.clean_text(p_name, 100);
  group_description constant text := core.clean_text(p_description, 5000, false);
  made groups.groups;
  first_channel uuid;
begin
  perform groups.check_owned_limit(me);
  insert into groups.groups (name, description, is_public, owner_id)
  values (group_name, group_description, coalesce(p_is_public, false), me)
  returning * into made;
  insert into groups.roles (group_id, name, position, is_default, permissions)
  select made.id, 'everyone', 0, true, sum(1::bigint << known.bit)::bigint
  from groups.permission_bits as known
  where known.in_default_role;
  insert into groups.channels (group_id, name) values (made.id, 'general') returning id into first_channel;
  insert into groups.group_settings (group_id, system_channel_id) values (made.id, first_channel);
  insert into groups.group_members (group_id, user_id) values (made.id, me);
  select * into made from groups.groups as target where target.id = made.id;
  return made;
end
$$;

comment on function groups.create_group(text, boolean, text) is
  'Creates a group that the caller owns and belongs to, with its default role, its settings and a text channel "general", where joins are announced. Refuses more groups than one may own (group.limit_reached). Limits: name 100 characters, description 5,000.';

revoke all on function groups.create_group(text, boolean, text) from public;
grant execute on function groups.create_group(text, boolean, text) to stoa_member;

-- Object: groups/functions/create_invite.sql
create or replace function groups.create_invite(
  p_group_id uuid,
  p_channel_id uuid default null,
  p_max_uses integer default null,
  p_ttl interval default null
)
returns groups.invites
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  invite groups.invites;
begin
  perform groups.locked_group(p_group_id);
  if p_channel_id is null then
    perform groups.require_permission(p_group_id, 'CREATE_INVITE');
  else
    channel := groups.permitted_channel(p_channel_id, 'CREATE_INVITE');
    if channel.group_id <> p_group_id or channel.type = 'thread' then
      perform core.fail('channel.unknown');
    end if;
  end if;
  if p_max_uses not between 0 and 1000 or p_ttl <= interval '0' or p_ttl > interval '30 days' then
    perform core.fail('invite.limits_invalid');
  end if;
  insert into groups.invites (group_id, channel_id, code, created_by, max_uses, expires_at)
  values (p_group_id, p_channel_id, groups.invite_code(), me, nullif(p_max_uses, 0), now() + p_ttl)
  returning * into invite;
  return invite;
end
$$;

comment on function groups.create_invite(uuid, uuid, integer, interval) is
  E'@name create_group_invite\nMakes an invitation code, for at most max_uses joins (1 to 1,000; none or 0 = without limit) and for a time of at most 30 days (none = for ever), landing in a channel that the caller may view. Needs CREATE_INVITE (group.not_allowed; with a channel, there: channel.not_allowed). Refuses other limits (invite.limits_invalid) and a channel of another group (channel.unknown).';

revoke all on function groups.create_invite(uuid, uuid, integer, interval) from public;
grant execute on function groups.create_invite(uuid, uuid, integer, interval) to stoa_member;

-- Object: groups/functions/create_role.sql
create or replace function groups.create_role(
  p_group_id uuid,
  p_name text,
  p_permissions bigint default 0,
  p_color integer default 0,
  p_hoist boolean default false,
  p_mentionable boolean default false
)
returns groups.roles
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  role groups.roles;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_ROLES');
  perform groups.check_role_bits(0, p_permissions, groups.my_permissions(p_group_id));
  if p_color is null or p_color not between 0 and 16777215 then
    perform core.fail('input.malformed');
  end if;
  if (select count(*) from groups.roles as counted where counted.group_id = p_group_id) >= 250 then
    perform core.fail('group_role.limit_reached');
  end if;
  update groups.roles as other
  set position = other.position + 1
  where other.group_id = p_group_id and not other.is_default;
  insert into groups.roles (group_id, name, permissions, color, hoist, mentionable, position)
  values (
    p_group_id, core.clean_text(p_name, 100), p_permissions, p_color, coalesce(p_hoist, false), coalesce(p_mentionable, false), 1
  )
  returning * into role;
  perform audit.record(
    'create_group_role', 'groups.roles', role.id, null,
    jsonb_build_object('name', role.name, 'permissions', role.permissions::text), p_group_id => p_group_id
  );
  return role;
end
$$;

comment on function groups.create_role(uuid, text, bigint, integer, boolean, boolean) is
  E'@name create_group_role\nAdds a role to a group, the lowest above the default role. Needs MANAGE_ROLES (group.not_allowed) and every permission that the role is given (group_role.bits_not_held). Refuses bits that do not exist (group_role.bits_invalid), more than 250 roles (group_role.limit_reached), and colours that are not of 24 bits (input.malformed). Limit: 100 characters. Audited.';

revoke all on function groups.create_role(uuid, text, bigint, integer, boolean, boolean) from public;
grant execute on function groups.create_role(uuid, text, bigint, integer, boolean, boolean) to stoa_member;

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

-- Object: groups/functions/delete_category.sql
create or replace function groups.delete_category(p_category_id uuid)
returns groups.channel_categories
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category groups.channel_categories;
begin
  category := groups.managed_category(p_category_id);
  perform from groups.channels as channel where channel.category_id = p_category_id order by channel.id for no key update;
  delete from groups.channel_categories as target where target.id = p_category_id;
  perform audit.record(
    'delete_channel_category', 'groups.channel_categories', p_category_id,
    jsonb_build_object('name', category.name), null, p_group_id => category.group_id
  );
  return category;
end
$$;

comment on function groups.delete_category(uuid) is
  E'@name delete_channel_category\nDeletes a heading and its overrides; its channels stay, without a heading. Needs MANAGE_CHANNELS (group.not_allowed). Refuses channel_category.unknown. Audited, because the permissions of its channels may change.';

revoke all on function groups.delete_category(uuid) from public;
grant execute on function groups.delete_category(uuid) to stoa_member;

-- Object: groups/functions/delete_channel.sql
create or replace function groups.delete_channel(p_channel_id uuid)
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
  channel := groups.visible_channel(p_channel_id);
  perform groups.locked_group(channel.group_id);
  perform groups.permitted_channel(p_channel_id, case channel.type when 'thread' then 'MANAGE_THREADS' else 'MANAGE_CHANNELS' end);
  update groups.channels as target
  set deleted_at = now()
  where target.id = p_channel_id and target.deleted_at is null
  returning * into channel;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  update groups.voice_sessions as session
  set left_at = greatest(clock_timestamp(), session.joined_at)
  where session.channel_id = p_channel_id and session.left_at is null;
  perform audit.record(
    'delete_channel', 'groups.channels', p_channel_id, jsonb_build_object('name', channel.name), null, p_group_id => channel.group_id
  );
  return channel;
end
$$;

comment on function groups.delete_channel(uuid) is
  'Deletes a channel with its threads and messages: nobody sees them any more, and they are purged after 30 days. Voice sessions in it end. Needs MANAGE_CHANNELS there (channel.not_allowed); for a thread, MANAGE_THREADS. Refuses channel.unknown. Audited.';

revoke all on function groups.delete_channel(uuid) from public;
grant execute on function groups.delete_channel(uuid) to stoa_member;

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

-- Object: groups/functions/delete_emoji.sql
create or replace function groups.delete_emoji(p_emoji_id uuid)
returns groups.custom_emojis
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  emoji groups.custom_emojis;
begin
  select * into emoji from groups.custom_emojis as target where target.id = p_emoji_id;
  if not found then
    perform core.fail('custom_emoji.unknown');
  end if;
  perform groups.locked_group(emoji.group_id);
  perform groups.require_permission(emoji.group_id, 'MANAGE_EMOJIS');
  delete from groups.custom_emojis as target where target.id = p_emoji_id;
  perform audit.record(
    'delete_custom_emoji', 'groups.custom_emojis', p_emoji_id, jsonb_build_object('name', emoji.name), null, p_group_id => emoji.group_id
  );
  return emoji;
end
$$;

comment on function groups.delete_emoji(uuid) is
  E'@name delete_custom_emoji\nDeletes an emoji of a group, and the reactions made with it. Needs MANAGE_EMOJIS (group.not_allowed). Refuses an unknown one (custom_emoji.unknown). Audited.';

revoke all on function groups.delete_emoji(uuid) from public;
grant execute on function groups.delete_emoji(uuid) to stoa_member;

-- Object: groups/functions/delete_group.sql
create or replace function groups.delete_group(p_group_id uuid)
returns groups.groups
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  target_group groups.groups;
begin
  target_group := groups.locked_group(p_group_id);
  if target_group.owner_id <> me and core.current_role_rank() < 3 then
    perform core.fail('group.not_allowed');
  end if;
  perform groups.check_second_factor(p_group_id);
  update groups.groups as target set deleted_at = now() where target.id = p_group_id returning * into target_group;
  update groups.voice_sessions as session
  set left_at = greatest(clock_timestamp(), session.joined_at)
  where session.group_id = p_group_id and session.left_at is null;
  perform audit.record('delete_group', 'groups.groups', p_group_id, p_group_id => p_group_id);
  return target_group;
end
$$;

comment on function groups.delete_group(uuid) is
  'Deletes a group: nobody sees it any more, and its owner can restore it for 30 days; then it is purged. Voice sessions end. Only its owner or an administrator of the platform (group.not_allowed). Refuses group.unknown. Audited.';

revoke all on function groups.delete_group(uuid) from public;
grant execute on function groups.delete_group(uuid) to stoa_member;

-- Object: groups/functions/delete_role.sql
create or replace function groups.delete_role(p_role_id uuid)
returns groups.roles
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  role groups.roles;
begin
  role := groups.managed_role(p_role_id);
  if role.is_default or role.managed then
    perform core.fail('group_role.not_deletable');
  end if;
  delete from groups.roles as target where target.id = p_role_id;
  perform audit.record(
    'delete_group_role', 'groups.roles', p_role_id,
    jsonb_build_object('name', role.name, 'permissions', role.permissions::text), null, p_group_id => role.group_id
  );
  return role;
end
$$;

comment on function groups.delete_role(uuid) is
  E'@name delete_group_role\nDeletes a role, its assignments and its overrides. Needs MANAGE_ROLES (group.not_allowed) and a higher rank (group.hierarchy). Refuses group_role.unknown, and the default role and those of integrations (group_role.not_deletable). Audited.';

revoke all on function groups.delete_role(uuid) from public;
grant execute on function groups.delete_role(uuid) to stoa_member;

-- Object: groups/functions/delete_webhook.sql
create or replace function groups.delete_webhook(p_webhook_id uuid)
returns uuid
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  hook groups.webhooks;
begin
  hook := groups.managed_webhook(p_webhook_id);
  delete from groups.webhooks as target where target.id = p_webhook_id;
  perform audit.record(
    'delete_webhook', 'groups.webhooks', p_webhook_id, jsonb_build_object('name', hook.name), null, p_group_id => hook.group_id
  );
  return hook.id;
end
$$;

comment on function groups.delete_webhook(uuid) is
  'Deletes a webhook; what it wrote stays, without an author. Returns its id. Needs MANAGE_WEBHOOKS in its channel (channel.not_allowed). Refuses webhook.unknown. Audited. Cost grows with what it wrote.';

revoke all on function groups.delete_webhook(uuid) from public;
grant execute on function groups.delete_webhook(uuid) to stoa_member;

-- Object: groups/functions/disconnect_member.sql
create or replace function groups.disconnect_member(p_group_id uuid, p_user_id uuid)
returns groups.voice_sessions
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  session groups.voice_sessions;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MOVE_MEMBERS');
  perform groups.require_above(p_group_id, p_user_id);
  update groups.voice_sessions as current_one
  set left_at = greatest(clock_timestamp(), current_one.joined_at)
  where current_one.group_id = p_group_id and current_one.user_id = p_user_id and current_one.left_at is null
  returning * into session;
  if not found then
    perform core.fail('voice.not_connected');
  end if;
  perform audit.record(
    'disconnect_member', 'groups.voice_sessions', session.id, p_group_id => p_group_id
  );
  return session;
end
$$;

comment on function groups.disconnect_member(uuid, uuid) is
  'Puts a member out of the voice channel of this group that they are in. Needs MOVE_MEMBERS (group.not_allowed) and a higher rank (group.hierarchy). Refuses somebody who is in none (voice.not_connected). Audited.';

revoke all on function groups.disconnect_member(uuid, uuid) from public;
grant execute on function groups.disconnect_member(uuid, uuid) to stoa_member;

-- Object: groups/functions/discover.sql
create or replace function groups.discover(p_query text default null, p_after uuid default null, p_first integer default 25)
returns setof groups.groups
language plpgsql
stable
rows 25
-- The match operators are not leak-proof: under a policy they would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  wanted constant text := nullif(btrim(p_query), '');
  page constant integer := groups.page_size(p_first);
  last_count integer;
begin
  if char_length(wanted) not between 3 and 100 then
    perform core.fail('group.query_invalid');
  end if;
  if p_after is not null then
    select target.member_count into last_count from groups.groups as target where target.id = p_after;
  end if;
  if wanted is null then
    return query
      select target.*
      from groups.groups as target
      where target.is_public
        and target.deleted_at is null
        and (target.member_count, target.id) < (
          coalesce(last_count, 2147483647), coalesce(p_after, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        )
        and target.id not in (select groups.my_banned_group_ids())
      order by target.member_count desc, target.id desc
      limit page;
  else
    return query
      select target.*
      from groups.groups as target
      where target.is_public
        and target.deleted_at is null
        and target.name ilike '%' || regexp_replace(wanted, '([\\%_])', '\\\1', 'g') || '%'
        and (target.member_count, target.id) < (
          coalesce(last_count, 2147483647), coalesce(p_after, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        )
        and target.id not in (select groups.my_banned_group_ids())
      order by target.member_count desc, target.id desc
      limit page;
  end if;
end
$$;

comment on function groups.discover(text, uuid, integer) is
  E'@name discover_groups\n@simpleCollections only\nPublic groups, the largest first, all or those whose name holds a text of at least three characters. first: 1 to 100 groups. after: the id of the last group of the page before. Leaves out groups that the caller is banned from. Refuses a shorter or longer text (group.query_invalid). One index range, or the matches of a trigram index sorted.';

revoke all on function groups.discover(text, uuid, integer) from public;
grant execute on function groups.discover(text, uuid, integer) to stoa_anonymous;

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

-- Object: groups/functions/end_membership.sql
create or replace function groups.end_membership()
returns trigger
language plpgsql
volatile
-- Whoever stops belonging leaves rows behind that nobody may write.
security definer
set search_path = ''
as $$
begin
  update groups.voice_sessions as session
  set left_at = greatest(clock_timestamp(), session.joined_at)
  from gone
  where session.user_id = gone.user_id
    and session.group_id = gone.group_id
    and session.left_at is null;
  delete from groups.thread_members as follower
  using gone, groups.channels as channel
  where follower.user_id = gone.user_id
    and channel.id = follower.channel_id
    and channel.group_id = gone.group_id;
  delete from groups.channel_reads as marker
  using gone, groups.channels as channel
  where marker.user_id = gone.user_id
    and channel.id = marker.channel_id
    and channel.group_id = gone.group_id;
  return null;
end
$$;

comment on function groups.end_membership() is
  'Trigger. When people stop belonging to a group, by leaving, kick, ban or erasure: their voice sessions there end, and what they followed and read there is forgotten. Roles and overrides go by foreign key.';

revoke all on function groups.end_membership() from public;

-- Object: groups/functions/every_permission.sql
create or replace function groups.every_permission()
returns bigint
language sql
immutable
parallel safe
begin atomic
  select 8589934591;
end;

comment on function groups.every_permission() is
  'Internal. All bits that exist, 0 to 32: what owners and administrators of a group hold.';

revoke all on function groups.every_permission() from public;

-- Object: groups/functions/feed.sql
create or replace function groups.feed(
  p_channel_id uuid,
  p_before uuid default null,
  p_after uuid default null,
  p_first integer default 25
)
returns setof groups.channel_messages
language plpgsql
stable
rows 25
-- Asks once whether the caller may read the channel, then reads as the owner: under the policy each row would be looked at.
security definer
set search_path = ''
as $$
declare
  page constant integer := groups.page_size(p_first);
begin
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  if p_after is not null then
    return query
      select message.*
      from groups.channel_messages as message
      where message.channel_id = p_channel_id
        and message.id > p_after
        and message.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        and message.deleted_at is null
      order by message.id
      limit page;
  elsif p_before is not null then
    return query
      select message.*
      from groups.channel_messages as message
      where message.channel_id = p_channel_id
        and message.id < p_before
        and message.deleted_at is null
      order by message.id desc
      limit page;
  else
    return query
      select message.*
      from groups.channel_messages as message
      where message.channel_id = p_channel_id
        and message.deleted_at is null
      order by message.id desc
      limit page;
  end if;
end
$$;

comment on function groups.feed(uuid, uuid, uuid, integer) is
  E'@name channel_feed\n@simpleCollections only\nOne page of the messages of a channel or thread: the newest first, or those before a message; with after, those after it, the oldest first, which is how to ask for what came since: identifiers ascend in the order of commits, so nothing is missed. first: 1 to 100. Deleted messages are left out. Needs READ_HISTORY (channel.not_allowed). Refuses channel.unknown. One index range at any depth; partitions on the other side of the cursor are not touched.';

revoke all on function groups.feed(uuid, uuid, uuid, integer) from public;
grant execute on function groups.feed(uuid, uuid, uuid, integer) to stoa_anonymous;

-- Object: groups/functions/group_members_permissions.sql
create or replace function groups.group_members_permissions(p_member groups.group_members)
returns bigint
language plpgsql
stable
-- Works out the permissions of another member.
security definer
set search_path = ''
as $$
begin
  if core.current_role_rank() >= 2 or p_member.group_id in (select groups.my_group_ids()) then
    return groups.permissions_of(p_member.group_id, p_member.user_id);
  end if;
  return null;
end
$$;

comment on function groups.group_members_permissions(groups.group_members) is
  'What the member may do in the group as a whole, as a bitfield (permission_bits); null when the caller does not belong to the group.';

revoke all on function groups.group_members_permissions(groups.group_members) from public;
grant execute on function groups.group_members_permissions(groups.group_members) to stoa_member;

-- Object: groups/functions/groups_due_for_repair.sql
create or replace function groups.groups_due_for_repair(p_since timestamptz, p_sample integer default 100)
returns setof uuid
language sql
stable
-- The worker has no grant on the groups.
security definer
set search_path = ''
begin atomic
  select community.id
  from groups.groups as community
  where exists (
    select
    from groups.channels as channel
    where channel.group_id = community.id
      and channel.last_message_at >= p_since
  )
  union
  select community.id
  from groups.groups as community
  where exists (
    select
    from groups.group_members as membership
    where membership.group_id = community.id
      and membership.joined_at >= p_since
  )
  union
  (
    select community.id
    from groups.groups as community
    -- A sample without sorting the table: what follows a random identifier.
    where community.id >= (
      select core.uuidv7_floor(oldest.made_at + random() * (now() - oldest.made_at))
      from (select core.uuidv7_time(first.id) as made_at from groups.groups as first order by first.id limit 1) as oldest
    )
    order by community.id
    limit p_sample
  );
end;

comment on function groups.groups_due_for_repair(timestamptz, integer) is
  'For the worker: the groups in which something was said or somebody joined since a time, and some others that lie together at a random place. Scans channels and members once.';

revoke all on function groups.groups_due_for_repair(timestamptz, integer) from public;
grant execute on function groups.groups_due_for_repair(timestamptz, integer) to stoa_worker;

-- Object: groups/functions/groups_my_permissions.sql
create or replace function groups.groups_my_permissions(p_group groups.groups)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  return groups.my_permissions(p_group.id);
end
$$;

comment on function groups.groups_my_permissions(groups.groups) is
  'What the caller may do in the group, as a bitfield; see my_group_permissions.';

revoke all on function groups.groups_my_permissions(groups.groups) from public;
grant execute on function groups.groups_my_permissions(groups.groups) to stoa_anonymous;

-- Object: groups/functions/has_second_factor.sql
create or replace function groups.has_second_factor(p_user_id uuid)
returns boolean
language sql
stable
begin atomic
  select exists (
    select from auth.two_factor as factor where factor.user_id = p_user_id and factor.confirmed_at is not null
  );
end;

comment on function groups.has_second_factor(uuid) is
  'Internal. Whether an account has a confirmed second factor.';

revoke all on function groups.has_second_factor(uuid) from public;

-- Object: groups/functions/highest_position.sql
create or replace function groups.highest_position(p_group_id uuid, p_user_id uuid)
returns integer
language sql
stable
begin atomic
  select case
    when target.owner_id = p_user_id then 2147483647
    when member.user_id is null then -1
    else coalesce(
      (
        select max(role.position)
        from groups.group_member_roles as assigned
        join groups.roles as role on role.id = assigned.role_id
        where assigned.group_id = p_group_id
          and assigned.user_id = p_user_id
      ),
      0
    )
  end
  from groups.groups as target
  left join groups.group_members as member on member.group_id = target.id and member.user_id = p_user_id
  where target.id = p_group_id;
end;

comment on function groups.highest_position(uuid, uuid) is
  'Internal. The rank of a person in a group: above everything for the owner, else the highest role, 0 for a member without one, -1 for somebody who does not belong.';

revoke all on function groups.highest_position(uuid, uuid) from public;

-- Object: groups/functions/in_force.sql
create or replace function groups.in_force(p_bits bigint, p_is_member boolean, p_is_restricted boolean, p_in_channel boolean)
returns bigint
language sql
immutable
parallel safe
begin atomic
  select case
    when p_in_channel and masked.bits & 1024 = 0 then 0
    when p_in_channel and masked.bits & 2048 = 0 then masked.bits & ~1073905664::bigint
    else masked.bits
  end
  from (
    select case
      when not p_is_member then p_bits & 66560
      when p_is_restricted then p_bits & 1115136
      else p_bits
    end as bits
  ) as masked;
end;

comment on function groups.in_force(bigint, boolean, boolean, boolean) is
  'Internal. The last steps of working out permissions. From outside one can only look (VIEW_CHANNEL, READ_HISTORY); a member in a time-out or before screening can look and connect, whatever an override allows. In a channel that cannot be viewed nothing is permitted, and where one cannot write one can neither attach, call everybody nor start threads.';

revoke all on function groups.in_force(bigint, boolean, boolean, boolean) from public;

-- Object: groups/functions/invite_code.sql
create or replace function groups.invite_code()
returns text
language sql
volatile
begin atomic
  select string_agg(
    substr('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', 1 + draw.number % 58, 1), ''
  )
  from (
    -- Two octets a character, so that the remainder favours none by more than a thousandth.
    select get_byte(entropy.octets, 2 * place) * 256 + get_byte(entropy.octets, 2 * place + 1) as number
    from (select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) as octets) as entropy
    cross join generate_series(0, 9) as place
  ) as draw;
end;

comment on function groups.invite_code() is
  'Internal. Ten random characters out of 58 that cannot be mistaken for one another: 58 bits and more.';

revoke all on function groups.invite_code() from public;

-- Object: groups/functions/is_banned.sql
create or replace function groups.is_banned(p_group_id uuid, p_user_id uuid)
returns boolean
language sql
stable
begin atomic
  select exists (
    select
    from groups.bans as ban
    where ban.group_id = p_group_id
      and ban.user_id = p_user_id
      and (ban.expires_at is null or ban.expires_at > clock_timestamp())
  );
end;

comment on function groups.is_banned(uuid, uuid) is
  'Internal. Whether a ban of this person from the group is in force. One look-up by primary key.';

revoke all on function groups.is_banned(uuid, uuid) from public;

-- Object: groups/functions/is_open_to_visitors.sql
create or replace function groups.is_open_to_visitors()
returns boolean
language sql
stable
begin atomic
  select coalesce(
    (select setting.value::boolean from core.settings as setting where setting.key = 'groups.public_reading'),
    true
  );
end;

comment on function groups.is_open_to_visitors() is
  'Internal. Whether visitors may look into public groups: the setting groups.public_reading, yes when it is not there, because policies ask this and must not fail.';

revoke all on function groups.is_open_to_visitors() from public;

-- Object: groups/functions/is_silenced.sql
create or replace function groups.is_silenced(p_user_id uuid, p_channel_id uuid)
returns boolean
language sql
stable
begin atomic
  select exists (
    select
    from groups.channel_reads as marker
    where marker.user_id = p_user_id
      and marker.channel_id = p_channel_id
      and (marker.notification_level = 'none' or marker.muted_until > now())
  );
end;

comment on function groups.is_silenced(uuid, uuid) is
  'Internal. Whether somebody wants to hear nothing of a channel at present.';

revoke all on function groups.is_silenced(uuid, uuid) from public;

-- Object: groups/functions/join_by_code.sql
create or replace function groups.join_by_code(p_code text)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  home uuid;
  invite_id uuid;
  member groups.group_members;
begin
  select invite.group_id, invite.id into home, invite_id from groups.invites as invite where invite.code = p_code;
  if not found then
    select target.id into home from groups.groups as target where target.vanity_code = lower(p_code);
  end if;
  perform from groups.groups as target where target.id = home and target.deleted_at is null for no key update;
  if not found then
    perform core.fail('invite.unknown');
  end if;
  if groups.is_banned(home, me) then
    perform core.fail('group.banned');
  end if;
  select * into member from groups.group_members as known where known.group_id = home and known.user_id = me;
  if found then
    return member;
  end if;
  if invite_id is not null then
    update groups.invites as invite
    set use_count = invite.use_count + 1
    where invite.id = invite_id
      and invite.revoked_at is null
      and (invite.expires_at is null or invite.expires_at > clock_timestamp())
      and (invite.max_uses is null or invite.use_count < invite.max_uses);
    if not found then
      perform core.fail('invite.gone');
    end if;
  end if;
  member := groups.admit(home, me, invite_id);
  return member;
end
$$;

comment on function groups.join_by_code(text) is
  E'@name join_group_by_code\nJoins a group with an invitation code, or with the group''s own code. Whoever belongs already gets their membership back and no use is spent. Refuses an unknown code (invite.unknown), a ban (group.banned), an invitation that is withdrawn, ended or used up (invite.gone) and a full group (group.full); a refusal spends no use. Joins of one group queue up at it, so an invitation is never used more often than it may.';

revoke all on function groups.join_by_code(text) from public;
grant execute on function groups.join_by_code(text) to stoa_member;

-- Object: groups/functions/join_lobbies.sql
create or replace function groups.join_lobbies()
returns trigger
language plpgsql
volatile
-- Fires for whoever makes an account, who may write no memberships.
security definer
set search_path = ''
as $$
declare
  lobby uuid;
begin
  for lobby in
    select target.id
    from groups.groups as target
    where target.auto_join and target.deleted_at is null
    order by target.id
  loop
    insert into groups.group_members (group_id, user_id)
    select lobby, added.id
    from added
    where not added.is_bot and not added.is_system
    on conflict do nothing;
  end loop;
  return null;
end
$$;

comment on function groups.join_lobbies() is
  'Trigger. Every new account, bots and system accounts aside, becomes a member of the groups with auto_join.';

revoke all on function groups.join_lobbies() from public;

-- Object: groups/functions/join_public.sql
create or replace function groups.join_public(p_group_id uuid)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  member groups.group_members;
begin
  perform
  from groups.groups as target
  where target.id = p_group_id and target.deleted_at is null
  for no key update;
  select * into member from groups.group_members as known where known.group_id = p_group_id and known.user_id = me;
  if found then
    return member;
  end if;
  if not exists (
    select from groups.groups as target where target.id = p_group_id and target.is_public and target.deleted_at is null
  ) then
    perform core.fail('group.unknown');
  end if;
  if groups.is_banned(p_group_id, me) then
    perform core.fail('group.banned');
  end if;
  member := groups.admit(p_group_id, me);
  return member;
end
$$;

comment on function groups.join_public(uuid) is
  E'@name join_group\nJoins a public group; whoever belongs already gets their membership back. Refuses a group that is not public or not there (group.unknown), a ban (group.banned), and a full group (group.full).';

revoke all on function groups.join_public(uuid) from public;
grant execute on function groups.join_public(uuid) to stoa_member;

-- Object: groups/functions/join_thread.sql
create or replace function groups.join_thread(p_thread_id uuid)
returns groups.thread_members
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  follower groups.thread_members;
begin
  channel := groups.visible_channel(p_thread_id);
  if channel.type <> 'thread' then
    perform core.fail('thread.unknown');
  end if;
  perform
  from groups.group_members as member
  where member.group_id = channel.group_id and member.user_id = me
  for key share;
  if not found then
    perform core.fail('group_member.unknown');
  end if;
  insert into groups.thread_members as known (channel_id, user_id)
  values (p_thread_id, me)
  on conflict (channel_id, user_id) do update
  set joined_at = known.joined_at
  returning * into follower;
  return follower;
end
$$;

comment on function groups.join_thread(uuid) is
  'Follows a thread; twice changes nothing. Refuses a thread that the caller may not view (channel.unknown), a channel that is no thread (thread.unknown), and somebody who does not belong to the group (group_member.unknown).';

revoke all on function groups.join_thread(uuid) from public;
grant execute on function groups.join_thread(uuid) to stoa_member;

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

-- Object: groups/functions/kick.sql
create or replace function groups.kick(p_group_id uuid, p_user_id uuid, p_reason text default null)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 512, false);
  target_group groups.groups;
  member groups.group_members;
begin
  target_group := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'KICK_MEMBERS');
  member := groups.require_membership(p_group_id, p_user_id);
  perform groups.require_above(p_group_id, p_user_id);
  delete from groups.group_members as gone where gone.group_id = p_group_id and gone.user_id = p_user_id;
  perform audit.record(
    'kick_group_member', 'groups.group_members', p_user_id, p_reason => why, p_group_id => p_group_id,
    p_resource_key => jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'moderation', 'You were removed from the group ' || target_group.name, why, jsonb_build_object('group_id', p_group_id)
  );
  return member;
end
$$;

comment on function groups.kick(uuid, uuid, text) is
  E'@name kick_group_member\nRemoves somebody from a group; they may join again. Needs KICK_MEMBERS (group.not_allowed) and a higher rank (group.hierarchy). Refuses somebody who does not belong (group_member.unknown). Limit: reason 512 characters. Audited; the person is told.';

revoke all on function groups.kick(uuid, uuid, text) from public;
grant execute on function groups.kick(uuid, uuid, text) to stoa_member;

-- Object: groups/functions/known_group.sql
create or replace function groups.known_group(p_group_id uuid)
returns groups.groups
language plpgsql
stable
set search_path = ''
as $$
declare
  me constant uuid := groups.caller_id();
  found_group groups.groups;
begin
  select * into found_group
  from groups.groups as target
  where target.id = p_group_id
    and target.deleted_at is null
    and (
      core.current_role_rank() >= 2
      or exists (select from groups.group_members as member where member.group_id = target.id and member.user_id = me)
      or (target.is_public and not groups.is_banned(target.id, me))
    );
  if not found then
    perform core.fail('group.unknown');
  end if;
  return found_group;
end
$$;

comment on function groups.known_group(uuid) is
  'Internal. A live group that the caller may know of: one that they belong to, or a public one that they are not banned from; the staff of the platform knows all. Refuses group.unknown.';

revoke all on function groups.known_group(uuid) from public;

-- Object: groups/functions/leave_group.sql
create or replace function groups.leave_group(p_group_id uuid)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  member groups.group_members;
begin
  perform from groups.groups as target where target.id = p_group_id for no key update;
  member := groups.require_membership(p_group_id, me);
  if exists (select from groups.groups as target where target.id = p_group_id and target.owner_id = me) then
    perform core.fail('group.owner_stays');
  end if;
  delete from groups.group_members as gone where gone.group_id = p_group_id and gone.user_id = me;
  return member;
end
$$;

comment on function groups.leave_group(uuid) is
  'Leaves a group: roles, overrides, followed threads and read markers go, messages stay. Refuses somebody who does not belong (group_member.unknown) and the owner, who hands the group over or deletes it (group.owner_stays).';

revoke all on function groups.leave_group(uuid) from public;
grant execute on function groups.leave_group(uuid) to stoa_member;

-- Object: groups/functions/leave_thread.sql
create or replace function groups.leave_thread(p_thread_id uuid)
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
  delete from groups.thread_members as follower where follower.channel_id = p_thread_id and follower.user_id = me;
  return found;
end
$$;

comment on function groups.leave_thread(uuid) is
  'Follows a thread no more; tells whether the caller did. Changes nothing else.';

revoke all on function groups.leave_thread(uuid) from public;
grant execute on function groups.leave_thread(uuid) to stoa_member;

-- Object: groups/functions/leave_voice.sql
create or replace function groups.leave_voice()
returns groups.voice_sessions
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  session groups.voice_sessions;
begin
  update groups.voice_sessions as current_one
  set left_at = greatest(clock_timestamp(), current_one.joined_at)
  where current_one.user_id = me and current_one.left_at is null
  returning * into session;
  if not found then
    perform core.fail('voice.not_connected');
  end if;
  return session;
end
$$;

comment on function groups.leave_voice() is
  'Leaves the voice channel that the caller is in. Refuses somebody who is in none (voice.not_connected).';

revoke all on function groups.leave_voice() from public;
grant execute on function groups.leave_voice() to stoa_member;

-- Object: groups/functions/lock_thread.sql
create or replace function groups.lock_thread(p_thread_id uuid, p_is_locked boolean default true)
returns groups.threads
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  thread groups.threads;
begin
  perform groups.locked_thread(p_thread_id, false);
  update groups.threads as target
  set locked_at = case when p_is_locked then coalesce(target.locked_at, now()) end,
      archived_at = case when p_is_locked then coalesce(target.archived_at, now()) else target.archived_at end
  where target.channel_id = p_thread_id
  returning * into thread;
  perform audit.record(
    'lock_thread', 'groups.threads', p_thread_id, null, jsonb_build_object('is_locked', p_is_locked), null,
    (select channel.group_id from groups.channels as channel where channel.id = p_thread_id)
  );
  return thread;
end
$$;

comment on function groups.lock_thread(uuid, boolean) is
  'Locks a thread, and archives it: from then on only those with MANAGE_THREADS write there or bring it back; or unlocks it. Needs MANAGE_THREADS (channel.not_allowed). Refuses channel.unknown and thread.unknown. Audited.';

revoke all on function groups.lock_thread(uuid, boolean) from public;
grant execute on function groups.lock_thread(uuid, boolean) to stoa_member;

-- Object: groups/functions/locked_group.sql
create or replace function groups.locked_group(p_group_id uuid)
returns groups.groups
language plpgsql
volatile
set search_path = ''
as $$
declare
  found_group groups.groups;
begin
  perform from groups.groups as target where target.id = p_group_id for no key update;
  found_group := groups.known_group(p_group_id);
  return found_group;
end
$$;

comment on function groups.locked_group(uuid) is
  'Internal. A live group that the caller may know of, locked: whatever changes members, roles, channels or permissions of a group holds this lock, so that it decides on what is in force and no two decide at once. First in the lock order of the module. Refuses group.unknown.';

revoke all on function groups.locked_group(uuid) from public;

-- Object: groups/functions/locked_message.sql
create or replace function groups.locked_message(p_channel_id uuid, p_message_id uuid)
returns groups.channel_messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  message groups.channel_messages;
begin
  perform from groups.channels as channel where channel.id = p_channel_id for no key update;
  select * into message
  from groups.channel_messages as target
  where target.channel_id = p_channel_id and target.id = p_message_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;
  return message;
end
$$;

comment on function groups.locked_message(uuid, uuid) is
  'Internal. A message that is not deleted, locked; its channel was locked before it. Refuses channel_message.unknown.';

revoke all on function groups.locked_message(uuid, uuid) from public;

-- Object: groups/functions/locked_thread.sql
create or replace function groups.locked_thread(p_thread_id uuid, p_is_for_owner boolean)
returns groups.threads
language plpgsql
volatile
set search_path = ''
as $$
declare
  thread groups.threads;
begin
  perform groups.visible_channel(p_thread_id);
  perform from groups.channels as channel where channel.id = p_thread_id for no key update;
  select * into thread from groups.threads as target where target.channel_id = p_thread_id for no key update;
  if not found then
    perform core.fail('thread.unknown');
  end if;
  if not (p_is_for_owner and thread.owner_id = core.current_user_id() and groups.can(p_thread_id, 'SEND_MESSAGES')) then
    perform groups.permitted_channel(p_thread_id, 'MANAGE_THREADS');
  end if;
  return thread;
end
$$;

comment on function groups.locked_thread(uuid, boolean) is
  'Internal. A thread that the caller may manage, its channel locked: with MANAGE_THREADS, or as its owner where that is enough and no time-out runs. Refuses channel.unknown, a channel that is no thread (thread.unknown), channel.not_allowed and group.second_factor_required.';

revoke all on function groups.locked_thread(uuid, boolean) from public;

-- Object: groups/functions/managed_category.sql
create or replace function groups.managed_category(p_category_id uuid)
returns groups.channel_categories
language plpgsql
volatile
set search_path = ''
as $$
declare
  category groups.channel_categories;
begin
  select * into category from groups.channel_categories as target where target.id = p_category_id;
  if not found then
    perform core.fail('channel_category.unknown');
  end if;
  perform groups.locked_group(category.group_id);
  perform groups.require_permission(category.group_id, 'MANAGE_CHANNELS');
  return category;
end
$$;

comment on function groups.managed_category(uuid) is
  'Internal. A heading of a group in which the caller holds MANAGE_CHANNELS; the group is locked. Refuses channel_category.unknown and group.not_allowed.';

revoke all on function groups.managed_category(uuid) from public;

-- Object: groups/functions/managed_channel.sql
create or replace function groups.managed_channel(p_channel_id uuid, p_permission text)
returns groups.channels
language plpgsql
volatile
set search_path = ''
as $$
declare
  channel groups.channels;
begin
  channel := groups.visible_channel(p_channel_id);
  perform groups.locked_group(channel.group_id);
  perform groups.permitted_channel(p_channel_id, p_permission);
  if channel.type = 'thread' then
    perform core.fail('channel.wrong_type');
  end if;
  select * into channel from groups.channels as target where target.id = p_channel_id for no key update;
  return channel;
end
$$;

comment on function groups.managed_channel(uuid, text) is
  'Internal. A live channel, no thread, in which the caller holds a permission; its group, then the channel are locked. Refuses channel.unknown, channel.not_allowed, and a thread (channel.wrong_type).';

revoke all on function groups.managed_channel(uuid, text) from public;

-- Object: groups/functions/managed_role.sql
create or replace function groups.managed_role(p_role_id uuid)
returns groups.roles
language plpgsql
volatile
set search_path = ''
as $$
declare
  role groups.roles;
begin
  select * into role from groups.roles as target where target.id = p_role_id;
  if not found then
    perform core.fail('group_role.unknown');
  end if;
  perform groups.locked_group(role.group_id);
  perform groups.require_permission(role.group_id, 'MANAGE_ROLES');
  -- Read again: whoever held the lock before may have moved or deleted it.
  select * into role from groups.roles as target where target.id = p_role_id;
  if not found then
    perform core.fail('group_role.unknown');
  end if;
  if groups.highest_position(role.group_id, core.current_user_id()) <= role.position then
    perform core.fail('group.hierarchy');
  end if;
  return role;
end
$$;

comment on function groups.managed_role(uuid) is
  'Internal. A role below the caller''s highest, in a group in which the caller holds MANAGE_ROLES; the group is locked. Refuses group_role.unknown, group.not_allowed and group.hierarchy.';

revoke all on function groups.managed_role(uuid) from public;

-- Object: groups/functions/managed_webhook.sql
create or replace function groups.managed_webhook(p_webhook_id uuid)
returns groups.webhooks
language plpgsql
volatile
set search_path = ''
as $$
declare
  hook groups.webhooks;
begin
  select * into hook from groups.webhooks as target where target.id = p_webhook_id;
  if hook.id is null or not groups.can(hook.channel_id, 'VIEW_CHANNEL') then
    perform core.fail('webhook.unknown');
  end if;
  perform groups.managed_channel(hook.channel_id, 'MANAGE_WEBHOOKS');
  return hook;
end
$$;

comment on function groups.managed_webhook(uuid) is
  'Internal. A webhook in whose channel the caller holds MANAGE_WEBHOOKS; the group and the channel are locked. Refuses webhook.unknown and channel.not_allowed.';

revoke all on function groups.managed_webhook(uuid) from public;

-- Object: groups/functions/mark_uploads_attached.sql
create or replace function groups.mark_uploads_attached()
returns trigger
language plpgsql
volatile
-- The uploads belong to another module, whose rows nobody may update directly.
security definer
set search_path = ''
as $$
begin
  perform
  from media.uploads as upload
  where upload.id in (select added.upload_id from added)
  order by upload.id
  for no key update;

  update media.uploads as upload
  set attached_at = now()
  where upload.id in (select added.upload_id from added)
    and upload.attached_at is null;
  return null;
end
$$;

comment on function groups.mark_uploads_attached() is
  'Trigger. Tells the file that something refers to it, so that the sweep of orphans leaves it.';

revoke all on function groups.mark_uploads_attached() from public;

-- Object: groups/functions/mentioned_ids.sql
create or replace function groups.mentioned_ids(p_content text, p_sign text)
returns uuid[]
language sql
immutable
begin atomic
  select array(
    select distinct mention.parts[1]::uuid
    from regexp_matches(
      p_content, '<' || p_sign || '([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})>', 'g'
    ) as mention (parts)
  );
end;

comment on function groups.mentioned_ids(text, text) is
  'Internal. The identifiers that a text mentions, each once: with the sign @ people, @& roles, # channels.';

revoke all on function groups.mentioned_ids(text, text) from public;

-- Object: groups/functions/my_banned_group_ids.sql
create or replace function groups.my_banned_group_ids()
returns setof uuid
language sql
stable
rows 5
-- The policy of the groups asks this, and must know bans whatever the caller may read of them.
security definer
set search_path = ''
as $$
select ban.group_id
from groups.bans as ban
where ban.user_id = groups.caller_id()
  and (ban.expires_at is null or ban.expires_at > clock_timestamp())
$$;

comment on function groups.my_banned_group_ids() is
  E'@internal\nThe groups that the caller is banned from at present, for policies. One index range.';

revoke all on function groups.my_banned_group_ids() from public;
grant execute on function groups.my_banned_group_ids() to stoa_anonymous;

-- Object: groups/functions/my_banning_group_ids.sql
create or replace function groups.my_banning_group_ids()
returns setof uuid
language sql
stable
rows 5
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
select known.id
from groups.my_group_ids_with('BAN_MEMBERS') as known (id)
$$;

comment on function groups.my_banning_group_ids() is
  E'@internal\nThe groups in which the caller may ban (BAN_MEMBERS), for policies. A few index look-ups for each of the caller''s groups.';

revoke all on function groups.my_banning_group_ids() from public;
grant execute on function groups.my_banning_group_ids() to stoa_anonymous;

-- Object: groups/functions/my_group_ids.sql
create or replace function groups.my_group_ids()
returns setof uuid
language sql
stable
rows 20
-- The policy of the members asks this: as the caller it would ask itself for ever.
security definer
set search_path = ''
as $$
select member.group_id
from groups.group_members as member
join groups.groups as target on target.id = member.group_id
where member.user_id = groups.caller_id()
  and target.deleted_at is null
$$;

comment on function groups.my_group_ids() is
  E'@internal\nThe live groups that the caller belongs to, for policies: write group_id = any (array(select groups.my_group_ids())), which is computed once a statement. One index range.';

revoke all on function groups.my_group_ids() from public;
grant execute on function groups.my_group_ids() to stoa_anonymous;

-- Object: groups/functions/my_group_ids_with.sql
create or replace function groups.my_group_ids_with(p_permission text)
returns setof uuid
language plpgsql
stable
rows 5
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
begin
  return query
    select mine.id
    from groups.my_group_ids() as mine (id)
    where groups.permissions_of(mine.id, groups.caller_id()) & groups.permission(p_permission) <> 0;
end
$$;

comment on function groups.my_group_ids_with(text) is
  'Internal. The groups in which the caller belongs and holds a permission. A few index look-ups for each of the caller''s groups.';

revoke all on function groups.my_group_ids_with(text) from public;

-- Object: groups/functions/my_managed_group_ids.sql
create or replace function groups.my_managed_group_ids()
returns setof uuid
language sql
stable
rows 5
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
select known.id
from groups.my_group_ids_with('MANAGE_GROUP') as known (id)
$$;

comment on function groups.my_managed_group_ids() is
  E'@internal\nThe groups in which the caller may manage (MANAGE_GROUP), for policies. A few index look-ups for each of the caller''s groups.';

revoke all on function groups.my_managed_group_ids() from public;
grant execute on function groups.my_managed_group_ids() to stoa_anonymous;

-- Object: groups/functions/my_permissions.sql
create or replace function groups.my_permissions(p_group_id uuid, p_channel_id uuid default null)
returns bigint
language plpgsql
stable
-- Works out permissions from rows that the caller may not see, and tells only the caller's own.
security definer
set search_path = ''
as $$
declare
  rank constant integer := core.current_role_rank();
  bits bigint;
  is_public boolean;
begin
  if rank = 0 and not groups.is_open_to_visitors() then
    return 0;
  end if;
  bits := groups.permissions_of(p_group_id, groups.caller_id(), p_channel_id);
  if rank >= 2 and bits & groups.permission('READ_HISTORY') = 0 then
    select target.is_public into is_public from groups.groups as target where target.id = p_group_id;
    if (is_public or (is_public is not null and rank >= 3)) and (
      p_channel_id is null
      or exists (
        select from groups.channels as channel where channel.id = p_channel_id and channel.group_id = p_group_id
      )
    ) then
      bits := bits | groups.permission('VIEW_CHANNEL') | groups.permission('READ_HISTORY');
    end if;
  end if;
  return bits;
end
$$;

comment on function groups.my_permissions(uuid, uuid) is
  E'@name my_group_permissions\nWhat the caller may do in a group, or in one of its channels, as a bitfield: the bits are those of permission_bits, the rules those of groups.permissions_of. 0 where the caller may not look. Visitors look into public groups only while the setting groups.public_reading is on; moderators of the platform may look into every public group, administrators into every group. About five index look-ups.';

revoke all on function groups.my_permissions(uuid, uuid) from public;
grant execute on function groups.my_permissions(uuid, uuid) to stoa_anonymous;

-- Object: groups/functions/my_readable_channel_ids.sql
create or replace function groups.my_readable_channel_ids()
returns setof uuid
language sql
stable
rows 100
-- Policies ask this, and must know roles and overrides whatever the caller may read of them.
security definer
set search_path = ''
as $$
select known.channel_id
from groups.channel_permissions_of_caller(false) as known
where known.permissions & 66560 = 66560
$$;

comment on function groups.my_readable_channel_ids() is
  E'@internal\nThe channels of the caller''s groups whose messages the caller may read (VIEW_CHANNEL and READ_HISTORY), for policies; threads follow their parents and are not among them. Cost grows with the channels of the caller''s groups.';

revoke all on function groups.my_readable_channel_ids() from public;
grant execute on function groups.my_readable_channel_ids() to stoa_anonymous;

-- Object: groups/functions/my_visible_channel_ids.sql
create or replace function groups.my_visible_channel_ids()
returns setof uuid
language sql
stable
rows 100
-- The policy of the channels asks this: as the caller it would ask itself for ever.
security definer
set search_path = ''
as $$
select known.channel_id
from groups.channel_permissions_of_caller(false) as known
where known.permissions & 1024 <> 0
$$;

comment on function groups.my_visible_channel_ids() is
  E'@internal\nThe channels of the caller''s groups that the caller may view, for policies; a thread is viewed by whoever views its parent and is not among them. Cost grows with the channels of the caller''s groups.';

revoke all on function groups.my_visible_channel_ids() from public;
grant execute on function groups.my_visible_channel_ids() to stoa_anonymous;

-- Object: groups/functions/my_webhook_group_ids.sql
create or replace function groups.my_webhook_group_ids()
returns setof uuid
language sql
stable
rows 5
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
select known.id
from groups.my_group_ids_with('MANAGE_WEBHOOKS') as known (id)
$$;

comment on function groups.my_webhook_group_ids() is
  E'@internal\nThe groups in which the caller may manage webhooks (MANAGE_WEBHOOKS), for policies. A few index look-ups for each of the caller''s groups.';

revoke all on function groups.my_webhook_group_ids() from public;
grant execute on function groups.my_webhook_group_ids() to stoa_anonymous;

-- Object: groups/functions/next_id.sql
create or replace function groups.next_id(p_last uuid)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  id constant uuid := core.uuidv7();
begin
  if id <= p_last then
    return core.uuidv7_floor(core.uuidv7_time(p_last) + interval '1 millisecond');
  end if;
  return id;
end
$$;

comment on function groups.next_id(uuid) is
  'Internal. A new identifier above the newest one of a container, whose lock the caller holds: identifiers then ascend in the order of commits, though the clock step back.';

revoke all on function groups.next_id(uuid) from public;

-- Object: groups/functions/notify_mentions.sql
create or replace function groups.notify_mentions(
  p_channel_id uuid,
  p_message_id uuid,
  p_after uuid default null,
  p_limit integer default 500
)
returns uuid
language plpgsql
volatile
-- Reads who belongs and rings their bells.
security definer
set search_path = ''
as $$
declare
  message groups.channel_messages;
  channel groups.channels;
  actor_name text;
  member record;
  last_id uuid;
begin
  select * into message
  from groups.channel_messages as target
  where target.channel_id = p_channel_id and target.id = p_message_id and target.deleted_at is null;
  if not found then
    return null;
  end if;
  select * into channel from groups.channels as target where target.id = p_channel_id;
  select coalesce(person.display_name, person.username::text, 'Somebody') into actor_name
  from core.users as person
  where person.id = message.sender_id;
  for member in
    select candidate.user_id
    from groups.group_members as candidate
    where candidate.group_id = channel.group_id
      and candidate.user_id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
      and (
        message.mention_everyone
        or candidate.user_id in (
          select assigned.user_id
          from groups.message_mentions as mention
          join groups.group_member_roles as assigned
            on assigned.group_id = channel.group_id and assigned.role_id = mention.role_id
          where mention.channel_id = p_channel_id and mention.message_id = p_message_id
        )
      )
    order by candidate.user_id
    limit p_limit
  loop
    last_id := member.user_id;
    continue when groups.is_silenced(member.user_id, p_channel_id)
      or exists (
        select
        from groups.message_mentions as mention
        where mention.channel_id = p_channel_id
          and mention.message_id = p_message_id
          and mention.target_id = member.user_id
      )
      or groups.permissions_of(channel.group_id, member.user_id, p_channel_id) & 1024 = 0;
    perform notifications.notify(
      member.user_id,
      'mention',
      coalesce(actor_name, 'Somebody') || ' called you in #' || channel.name,
      left(message.content, 200),
      jsonb_build_object('group_id', channel.group_id, 'channel_id', p_channel_id, 'message_id', p_message_id),
      message.sender_id,
      'channel:' || p_channel_id || ':mentions'
    );
  end loop;
  return last_id;
end
$$;

comment on function groups.notify_mentions(uuid, uuid, uuid, integer) is
  'For the worker: rings the bells of those whom a message calls by role or with @everyone, so many members at a time in the order of their ids, and returns where to continue; null when all were told. Those whom it mentions by name were told at once and are left out; so is who cannot view the channel, or wants to hear nothing of it.';

revoke all on function groups.notify_mentions(uuid, uuid, uuid, integer) from public;
grant execute on function groups.notify_mentions(uuid, uuid, uuid, integer) to stoa_worker;

-- Object: groups/functions/open_readable_channel_ids.sql
create or replace function groups.open_readable_channel_ids()
returns setof uuid
language sql
stable
rows 1000
-- Policies ask this, and must know roles and overrides whatever the caller may read of them.
security definer
set search_path = ''
as $$
select known.channel_id
from groups.channel_permissions_of_caller(true) as known
where known.permissions & 66560 = 66560
$$;

comment on function groups.open_readable_channel_ids() is
  E'@internal\nThe channels of public groups whose messages the caller may read without belonging to the group, for policies. Cost grows with all channels of public groups; a policy names it after groups.my_readable_channel_ids, so that members who read their own channels never pay it.';

revoke all on function groups.open_readable_channel_ids() from public;
grant execute on function groups.open_readable_channel_ids() to stoa_anonymous;

-- Object: groups/functions/open_visible_channel_ids.sql
create or replace function groups.open_visible_channel_ids()
returns setof uuid
language sql
stable
rows 1000
-- Policies ask this, and must know roles and overrides whatever the caller may read of them.
security definer
set search_path = ''
as $$
select known.channel_id
from groups.channel_permissions_of_caller(true) as known
where known.permissions & 1024 <> 0
$$;

comment on function groups.open_visible_channel_ids() is
  E'@internal\nThe channels of public groups that the caller may view without belonging to the group, for policies. Cost grows with all channels of public groups; a policy names it after groups.my_visible_channel_ids, so that members who read their own channels never pay it.';

revoke all on function groups.open_visible_channel_ids() from public;
grant execute on function groups.open_visible_channel_ids() to stoa_anonymous;

-- Object: groups/functions/overridden.sql
create or replace function groups.overridden(
  p_bits bigint,
  p_default_deny bigint,
  p_default_allow bigint,
  p_roles_deny bigint,
  p_roles_allow bigint,
  p_member_deny bigint,
  p_member_allow bigint
)
returns bigint
language sql
immutable
parallel safe
begin atomic
  select (
    (
      ((p_bits & ~coalesce(p_default_deny, 0) | coalesce(p_default_allow, 0)) & ~coalesce(p_roles_deny, 0))
      | coalesce(p_roles_allow, 0)
    ) & ~coalesce(p_member_deny, 0)
  ) | coalesce(p_member_allow, 0);
end;

comment on function groups.overridden(bigint, bigint, bigint, bigint, bigint, bigint, bigint) is
  'Internal. What a bitfield becomes under the overrides of one heading or channel: those of the default role, then those of all other roles together, then the member''s own; each takes away what it denies, then adds what it allows. Null = no such override.';

revoke all on function groups.overridden(bigint, bigint, bigint, bigint, bigint, bigint, bigint) from public;

-- Object: groups/functions/override_target.sql
create or replace function groups.override_target(p_channel_id uuid, p_category_id uuid, p_role_id uuid, p_user_id uuid)
returns table (group_id uuid, held bigint, override_id uuid, allow bigint, deny bigint)
language plpgsql
volatile
rows 1
set search_path = ''
as $$
declare
  home uuid;
  mine integer;
  bits bigint;
begin
  if num_nonnulls(p_channel_id, p_category_id) <> 1 or num_nonnulls(p_role_id, p_user_id) <> 1 then
    perform core.fail('override.malformed');
  end if;
  if p_channel_id is not null then
    home := (groups.managed_channel(p_channel_id, 'MANAGE_ROLES')).group_id;
    bits := groups.my_permissions(home, p_channel_id);
  else
    select category.group_id into home from groups.channel_categories as category where category.id = p_category_id;
    if not found then
      perform core.fail('channel_category.unknown');
    end if;
    perform groups.locked_group(home);
    perform groups.require_permission(home, 'MANAGE_ROLES');
    bits := groups.my_permissions(home);
  end if;
  mine := groups.highest_position(home, core.current_user_id());
  if p_role_id is not null then
    perform from groups.roles as role where role.id = p_role_id and role.group_id = home;
    if not found then
      perform core.fail('group_role.unknown');
    end if;
    perform from groups.roles as role where role.id = p_role_id and role.position < mine;
    if not found then
      perform core.fail('group.hierarchy');
    end if;
  else
    perform groups.require_membership(home, p_user_id);
    if p_user_id <> core.current_user_id() then
      perform groups.require_above(home, p_user_id);
    end if;
  end if;
  return query
    select home, bits, override.id, coalesce(override.allow, 0), coalesce(override.deny, 0)
    from (select) as nothing
    left join groups.channel_permission_overrides as override
      on override.channel_id is not distinct from p_channel_id
      and override.category_id is not distinct from p_category_id
      and override.role_id is not distinct from p_role_id
      and override.user_id is not distinct from p_user_id
      and override.group_id = home;
end
$$;

comment on function groups.override_target(uuid, uuid, uuid, uuid) is
  'Internal. What an override would be about: its group (locked), the permissions of the caller there, and the override that stands. Refuses anything but one place and one target (override.malformed), places and targets that are not there or not of one group (channel.unknown, channel_category.unknown, group_role.unknown, group_member.unknown), threads (channel.wrong_type), lack of MANAGE_ROLES there (channel.not_allowed, group.not_allowed), and a role or another member that does not rank below the caller (group.hierarchy).';

revoke all on function groups.override_target(uuid, uuid, uuid, uuid) from public;

-- Object: groups/functions/page_size.sql
create or replace function groups.page_size(p_first integer)
returns integer
language sql
immutable
begin atomic
  select least(greatest(coalesce(p_first, 25), 1), 100);
end;

comment on function groups.page_size(integer) is
  'Internal. How many rows a page has: what was asked for, from 1 to 100; 25 when nothing was.';

revoke all on function groups.page_size(integer) from public;

-- Object: groups/functions/pass_screening.sql
create or replace function groups.pass_screening(p_group_id uuid)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  member groups.group_members;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_membership(p_group_id, me);
  update groups.group_members as target
  set pending = false
  where target.group_id = p_group_id and target.user_id = me
  returning * into member;
  return member;
end
$$;

comment on function groups.pass_screening(uuid) is
  E'@name accept_group_rules\nAccepts the rules of a group that screens newcomers: from then on the member may do what their roles permit. Refuses somebody who does not belong (group_member.unknown).';

revoke all on function groups.pass_screening(uuid) from public;
grant execute on function groups.pass_screening(uuid) to stoa_member;

-- Object: groups/functions/patch_images.sql
create or replace function groups.patch_images(p_patch jsonb, p_before jsonb, p_after jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'before', (select jsonb_object_agg(name, p_before -> name) from jsonb_object_keys(p_patch) as name),
    'after', (select jsonb_object_agg(name, p_after -> name) from jsonb_object_keys(p_patch) as name)
  );
end
$$;

comment on function groups.patch_images(jsonb, jsonb, jsonb) is
  'Internal. The part of a row that a patch names, before and after, for the audit log.';

revoke all on function groups.patch_images(jsonb, jsonb, jsonb) from public;

-- Object: groups/functions/permission.sql
create or replace function groups.permission(p_key text)
returns bigint
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  bit constant integer := array_position(
    array[
      'CREATE_INVITE', 'KICK_MEMBERS', 'BAN_MEMBERS', 'ADMINISTRATOR', 'MANAGE_CHANNELS', 'MANAGE_GROUP',
      'ADD_REACTIONS', 'VIEW_AUDIT_LOG', 'MANAGE_ROLES', 'MODERATE_MEMBERS', 'VIEW_CHANNEL', 'SEND_MESSAGES',
      'SEND_TTS', 'MANAGE_MESSAGES', 'EMBED_LINKS', 'ATTACH_FILES', 'READ_HISTORY', 'MENTION_EVERYONE',
      'USE_EXTERNAL_EMOJI', 'VIEW_INSIGHTS', 'CONNECT', 'SPEAK', 'MUTE_MEMBERS', 'DEAFEN_MEMBERS', 'MOVE_MEMBERS',
      'STREAM', 'CHANGE_NICKNAME', 'MANAGE_NICKNAMES', 'MANAGE_WEBHOOKS', 'MANAGE_EMOJIS', 'CREATE_THREADS',
      'MANAGE_THREADS', 'BYPASS_SLOWMODE'
    ],
    p_key
  ) - 1;
begin
  if bit is null then
    raise exception 'there is no permission "%"', p_key using errcode = 'XX000';
  end if;
  return 1::bigint << bit;
end
$$;

comment on function groups.permission(text) is
  'Internal. The bit of a permission as a number to mask with. Refuses a name that does not exist: that is a fault of the caller''s code. Written out rather than looked up in permission_bits, because it stands on every path; a test compares the two.';

revoke all on function groups.permission(text) from public;

-- Object: groups/functions/permissions_of.sql
create or replace function groups.permissions_of(p_group_id uuid, p_user_id uuid, p_channel_id uuid default null)
returns bigint
language plpgsql
stable
-- Reads memberships, roles and overrides that the caller may not see.
security definer
set search_path = ''
as $$
declare
  standing record;
  place record;
  change record;
  held uuid[];
  bits bigint;
begin
  select
    target.owner_id = p_user_id as is_owner,
    target.is_public,
    member.user_id is not null as is_member,
    coalesce(member.pending or member.muted_until > now(), false) as is_restricted
  into standing
  from groups.groups as target
  left join groups.group_members as member on member.group_id = target.id and member.user_id = p_user_id
  where target.id = p_group_id
    and target.deleted_at is null;
  if not found then
    return 0;
  end if;
  if not standing.is_member and (not standing.is_public or groups.is_banned(p_group_id, p_user_id)) then
    return 0;
  end if;

  if p_channel_id is not null then
    select
      coalesce(parent.id, channel.id) as channel_id,
      case when parent.id is null then channel.category_id else parent.category_id end as category_id,
      coalesce(parent.is_private, channel.is_private) as is_private
    into place
    from groups.channels as channel
    left join groups.channels as parent on parent.id = channel.parent_channel_id
    where channel.id = p_channel_id
      and channel.group_id = p_group_id
      and channel.deleted_at is null
      and parent.deleted_at is null;
    if not found then
      return 0;
    end if;
  end if;

  if standing.is_member and standing.is_owner then
    return groups.every_permission();
  end if;

  select coalesce(bit_or(role.permissions), 0), array_agg(role.id)
  into bits, held
  from groups.roles as role
  where role.group_id = p_group_id
    and (
      role.is_default
      or (
        standing.is_member
        and role.id in (
          select assigned.role_id
          from groups.group_member_roles as assigned
          where assigned.group_id = p_group_id and assigned.user_id = p_user_id
        )
      )
    );
  if standing.is_member and bits & groups.permission('ADMINISTRATOR') <> 0 then
    return groups.every_permission();
  end if;

  if p_channel_id is not null then
    select
      bit_or(written.deny) filter (where written.is_category and written.is_default) as category_default_deny,
      bit_or(written.allow) filter (where written.is_category and written.is_default) as category_default_allow,
      bit_or(written.deny) filter (where written.is_category and not written.is_default) as category_roles_deny,
      bit_or(written.allow) filter (where written.is_category and not written.is_default) as category_roles_allow,
      bit_or(written.deny) filter (where written.is_category and written.is_default is null) as category_member_deny,
      bit_or(written.allow) filter (where written.is_category and written.is_default is null) as category_member_allow,
      bit_or(written.deny) filter (where not written.is_category and written.is_default) as channel_default_deny,
      bit_or(written.allow) filter (where not written.is_category and written.is_default) as channel_default_allow,
      bit_or(written.deny) filter (where not written.is_category and not written.is_default) as channel_roles_deny,
      bit_or(written.allow) filter (where not written.is_category and not written.is_default) as channel_roles_allow,
      bit_or(written.deny) filter (where not written.is_category and written.is_default is null) as channel_member_deny,
      bit_or(written.allow) filter (where not written.is_category and written.is_default is null) as channel_member_allow
    into change
    from (
      select override.allow, override.deny, override.category_id is not null as is_category, role.is_default
      from groups.channel_permission_overrides as override
      left join groups.roles as role on role.id = override.role_id
      where override.group_id = p_group_id
        and (override.channel_id = place.channel_id or override.category_id = place.category_id)
        and (override.role_id = any (held) or override.user_id = p_user_id)
    ) as written;

    bits := groups.overridden(
      bits,
      change.category_default_deny, change.category_default_allow,
      change.category_roles_deny, change.category_roles_allow,
      change.category_member_deny, change.category_member_allow
    );
    if place.is_private then
      bits := bits & ~groups.permission('VIEW_CHANNEL');
    end if;
    bits := groups.overridden(
      bits,
      change.channel_default_deny, change.channel_default_allow,
      change.channel_roles_deny, change.channel_roles_allow,
      change.channel_member_deny, change.channel_member_allow
    );
  end if;

  return groups.in_force(bits, standing.is_member, standing.is_restricted, p_channel_id is not null);
end
$$;

comment on function groups.permissions_of(uuid, uuid, uuid) is
  'What a person may do in a group, or in one of its channels, as a bitfield (permission_bits); 0 for a group or channel that is deleted or not there. From outside: the default role of a public group, to look only; nothing while a ban is in force. The owner, and whoever holds ADMINISTRATOR: everything. Else the default role and the roles held, added up; in a channel the overrides of its heading, then, if it is private, VIEW_CHANNEL is taken away, then its own overrides (a thread has those of its parent); within each, the default role comes first, the other roles together second, the member last. A time-out, or screening not passed, leaves VIEW_CHANNEL, READ_HISTORY and CONNECT. Four index look-ups. groups.channel_permissions_of_caller is the same for sets, and a test compares the two.';

revoke all on function groups.permissions_of(uuid, uuid, uuid) from public;
grant execute on function groups.permissions_of(uuid, uuid, uuid) to stoa_worker;

-- Object: groups/functions/permitted_channel.sql
create or replace function groups.permitted_channel(p_channel_id uuid, p_permission text)
returns groups.channels
language plpgsql
stable
set search_path = ''
as $$
declare
  channel groups.channels;
begin
  channel := groups.visible_channel(p_channel_id);
  if groups.my_permissions(channel.group_id, channel.id) & groups.permission(p_permission) = 0 then
    if exists (
      select
      from groups.group_members as member
      where member.group_id = channel.group_id
        and member.user_id = core.current_user_id()
        and member.muted_until > now()
    ) then
      perform core.fail('group_member.timed_out');
    end if;
    perform core.fail('channel.not_allowed');
  end if;
  if p_permission like 'MANAGE\_%' or p_permission like '%\_MEMBERS' then
    perform groups.check_second_factor(channel.group_id);
  end if;
  return channel;
end
$$;

comment on function groups.permitted_channel(uuid, text) is
  'Internal. A live channel in which the caller holds a permission. Refuses a channel that they may not view (channel.unknown), lack of the permission (channel.not_allowed; while a time-out runs group_member.timed_out), and for managing and moderating the lack of the second factor that the group demands (group.second_factor_required).';

revoke all on function groups.permitted_channel(uuid, text) from public;

-- Object: groups/functions/pin.sql
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

-- Object: groups/functions/pins.sql
create or replace function groups.pins(p_channel_id uuid)
returns setof groups.channel_messages
language plpgsql
stable
rows 50
-- Reads as the owner after one check, because a policy would check each row.
security definer
set search_path = ''
as $$
begin
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  return query
    select message.*
    from groups.pinned_messages as pinned
    join groups.channel_messages as message on message.channel_id = pinned.channel_id and message.id = pinned.message_id
    where pinned.channel_id = p_channel_id
      and message.deleted_at is null
    order by pinned.pinned_at desc, pinned.message_id desc;
end
$$;

comment on function groups.pins(uuid) is
  E'@name pinned_channel_messages\nThe pinned messages of a channel, the newest pin first; at most 50. Needs READ_HISTORY (channel.not_allowed). Refuses channel.unknown.';

revoke all on function groups.pins(uuid) from public;
grant execute on function groups.pins(uuid) to stoa_anonymous;

-- Object: groups/functions/post_webhook.sql
create or replace function groups.post_webhook(p_token text, p_content text)
returns groups.channel_messages
language plpgsql
volatile
-- A webhook is nobody with an account; its token is what it may write with.
security definer
set search_path = ''
as $$
declare
  hook groups.webhooks;
  earlier timestamptz;
begin
  select * into hook
  from groups.webhooks as target
  where target.token_hash = sha256(convert_to(p_token, 'UTF8'))
    and target.revoked_at is null
    and exists (
      select from groups.groups as home where home.id = target.group_id and home.deleted_at is null
    );
  if not found then
    perform core.fail('webhook.unknown');
  end if;
  perform core.clean_text(p_content, 8000);
  -- Counted under the lock of the channel, which writing takes anyway.
  perform from groups.channels as channel where channel.id = hook.channel_id for no key update;
  select core.uuidv7_time(written.id) into earlier
  from groups.channel_messages as written
  where written.channel_id = hook.channel_id
    and written.webhook_id = hook.id
    and written.id >= core.uuidv7_floor(clock_timestamp() - interval '1 minute')
  order by written.id desc
  offset 29
  limit 1;
  if found then
    perform core.fail(
      'webhook.too_many', greatest(1, ceil(extract(epoch from earlier + interval '1 minute' - clock_timestamp()))::integer)
    );
  end if;
  return groups.append_message(hook.channel_id, 'default', p_webhook_id => hook.id, p_content => core.clean_text(p_content, 8000));
end
$$;

comment on function groups.post_webhook(text, text) is
  'Writes a message as a webhook, whoever calls: the token decides. Refuses a token that is unknown or revoked (webhook.unknown), a channel that is gone (channel.unknown), more than 30 messages a minute (webhook.too_many, with the seconds to wait), an empty message (input.empty) and one over 8,000 characters (input.too_long). It calls nobody: mentions stay text.';

revoke all on function groups.post_webhook(text, text) from public;
grant execute on function groups.post_webhook(text, text) to stoa_anonymous;

-- Object: groups/functions/preview_invite.sql
create or replace function groups.preview_invite(p_code text)
returns table (group_id uuid, name text, description text, icon_url text, splash_url text, member_count integer, channel_name text, expires_at timestamptz)
language plpgsql
stable
rows 1
-- Whoever holds a code sees what it leads to, though the group be closed to them.
security definer
set search_path = ''
as $$
declare
  invite groups.invites;
  home uuid;
begin
  select * into invite from groups.invites as target where target.code = p_code;
  if found then
    if invite.revoked_at is not null
      or invite.expires_at <= clock_timestamp()
      or invite.use_count >= invite.max_uses
    then
      perform core.fail('invite.gone');
    end if;
    home := invite.group_id;
  else
    select target.id into home from groups.groups as target where target.vanity_code = lower(p_code);
  end if;
  return query
    select
      target.id, target.name::text, target.description, target.icon_url, target.splash_url, target.member_count,
      channel.name::text, invite.expires_at
    from groups.groups as target
    left join groups.channels as channel
      on channel.id = invite.channel_id and channel.deleted_at is null and not channel.is_private
    where target.id = home
      and target.deleted_at is null;
  if not found then
    perform core.fail('invite.unknown');
  end if;
end
$$;

comment on function groups.preview_invite(text) is
  E'@name preview_group_invite\nWhat an invitation, or a group''s own code, leads to: name, pictures and size. Refuses a code that is unknown (invite.unknown), and one that is withdrawn, ended or used up (invite.gone).';

revoke all on function groups.preview_invite(text) from public;
grant execute on function groups.preview_invite(text) to stoa_anonymous;

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

-- Object: groups/functions/reaction_counts.sql
create or replace function groups.reaction_counts(p_channel_id uuid, p_message_ids uuid[])
returns table (message_id uuid, emoji text, count integer, is_mine boolean)
language plpgsql
stable
rows 100
-- Reads as the owner after one check, because a policy would check each row.
security definer
set search_path = ''
as $$
begin
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  if cardinality(p_message_ids) > 100 then
    perform core.fail('channel_message.list_invalid');
  end if;
  return query
    select
      reaction.message_id, reaction.emoji::text, count(*)::integer,
      coalesce(bool_or(reaction.user_id = groups.caller_id()), false)
    from groups.message_reactions as reaction
    join groups.channel_messages as message on message.channel_id = reaction.channel_id and message.id = reaction.message_id
    where reaction.channel_id = p_channel_id
      and reaction.message_id = any (p_message_ids)
      and message.deleted_at is null
    group by reaction.message_id, reaction.emoji
    order by reaction.message_id, min(reaction.inserted_at), reaction.emoji;
end
$$;

comment on function groups.reaction_counts(uuid, uuid[]) is
  E'@name channel_reaction_counts\nHow often each emoji stands under messages of a channel, at most 100 messages at once, the first used first. Needs READ_HISTORY (channel.not_allowed). Refuses channel.unknown and more messages (channel_message.list_invalid). One index range a message.';

revoke all on function groups.reaction_counts(uuid, uuid[]) from public;
grant execute on function groups.reaction_counts(uuid, uuid[]) to stoa_anonymous;

-- Object: groups/functions/refuse_default_role.sql
create or replace function groups.refuse_default_role()
returns trigger
language plpgsql
stable
set search_path = ''
as $$
begin
  if exists (select from groups.roles as role where role.id = new.role_id and role.is_default) then
    perform core.fail('group_role.not_assignable');
  end if;
  return new;
end
$$;

comment on function groups.refuse_default_role() is
  'Trigger. The default role is held without being assigned; assigning it is refused (group_role.not_assignable).';

revoke all on function groups.refuse_default_role() from public;

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

-- Object: groups/functions/reorder_categories.sql
create or replace function groups.reorder_categories(p_group_id uuid, p_category_ids uuid[])
returns setof groups.channel_categories
language plpgsql
volatile
rows 10
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_CHANNELS');
  perform groups.check_order(
    p_category_ids, array(select category.id from groups.channel_categories as category where category.group_id = p_group_id)
  );
  update groups.channel_categories as category
  set position = place.number - 1
  from unnest(p_category_ids) with ordinality as place (id, number)
  where category.id = place.id;
  return query
    select category.* from groups.channel_categories as category where category.group_id = p_group_id order by category.position;
end
$$;

comment on function groups.reorder_categories(uuid, uuid[]) is
  E'@name reorder_channel_categories\nPuts the headings of a group into the given order: the whole list. Needs MANAGE_CHANNELS (group.not_allowed). Refuses group.order_incomplete.';

revoke all on function groups.reorder_categories(uuid, uuid[]) from public;
grant execute on function groups.reorder_categories(uuid, uuid[]) to stoa_member;

-- Object: groups/functions/reorder_channels.sql
create or replace function groups.reorder_channels(p_group_id uuid, p_channel_ids uuid[])
returns setof groups.channels
language plpgsql
volatile
rows 50
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_CHANNELS');
  perform groups.check_order(
    p_channel_ids,
    array(
      select channel.id
      from groups.channels as channel
      where channel.group_id = p_group_id and channel.deleted_at is null and channel.type <> 'thread'
    )
  );
  perform from groups.channels as channel where channel.id = any (p_channel_ids) order by channel.id for no key update;
  update groups.channels as channel
  set position = place.number - 1
  from unnest(p_channel_ids) with ordinality as place (id, number)
  where channel.id = place.id
    and channel.position <> place.number - 1;
  return query
    select channel.* from groups.channels as channel where channel.id = any (p_channel_ids) order by channel.position, channel.id;
end
$$;

comment on function groups.reorder_channels(uuid, uuid[]) is
  'Puts the channels of a group into the given order: the whole list of its channels, threads aside. Needs MANAGE_CHANNELS (group.not_allowed). Refuses a list that leaves one out, doubles one or holds another (group.order_incomplete).';

revoke all on function groups.reorder_channels(uuid, uuid[]) from public;
grant execute on function groups.reorder_channels(uuid, uuid[]) to stoa_member;

-- Object: groups/functions/reorder_roles.sql
create or replace function groups.reorder_roles(p_group_id uuid, p_role_ids uuid[])
returns setof groups.roles
language plpgsql
volatile
rows 10
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  mine integer;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_ROLES');
  perform groups.check_order(
    p_role_ids, array(select role.id from groups.roles as role where role.group_id = p_group_id and not role.is_default)
  );
  mine := groups.highest_position(p_group_id, me);
  if exists (
    select
    from (
      select role.id, role.position, row_number() over (order by role.position desc) as number
      from groups.roles as role
      where role.group_id = p_group_id and not role.is_default
    ) as former
    join unnest(p_role_ids) with ordinality as place (id, number) on place.id = former.id
    where former.position >= mine
      and former.number <> place.number
  ) then
    perform core.fail('group.hierarchy');
  end if;
  -- The uniqueness of positions is checked at the end of the statement.
  update groups.roles as role
  set position = cardinality(p_role_ids) + 1 - place.number
  from unnest(p_role_ids) with ordinality as place (id, number)
  where role.id = place.id;
  perform audit.record(
    'reorder_group_roles', 'groups.groups', p_group_id, null, jsonb_build_object('role_ids', to_jsonb(p_role_ids)), p_group_id => p_group_id
  );
  return query
    select role.* from groups.roles as role where role.group_id = p_group_id order by role.position desc;
end
$$;

comment on function groups.reorder_roles(uuid, uuid[]) is
  E'@name reorder_group_roles\nPuts the roles of a group into the given order, the highest first: the whole list without the default role. Needs MANAGE_ROLES (group.not_allowed). The caller''s highest role and those above it must stay where they are (group.hierarchy). Refuses a list that leaves one out, doubles one or holds another (group.order_incomplete). Audited.';

revoke all on function groups.reorder_roles(uuid, uuid[]) from public;
grant execute on function groups.reorder_roles(uuid, uuid[]) to stoa_member;

-- Object: groups/functions/repair_counters.sql
create or replace function groups.repair_counters(p_group_ids uuid[])
returns integer
language plpgsql
volatile
-- Writes counters that nobody may write.
security definer
set search_path = ''
as $$
declare
  wrong record;
  repaired integer := 0;
begin
  perform from groups.groups as target where target.id = any (p_group_ids) order by target.id for no key update;
  for wrong in
    select target.id, target.member_count, target.premium_subscription_count, counted.members, counted.supporters
    from groups.groups as target
    cross join lateral (
      select count(*)::integer as members, count(member.premium_since)::integer as supporters
      from groups.group_members as member
      where member.group_id = target.id
    ) as counted
    where target.id = any (p_group_ids)
      and (target.member_count, target.premium_subscription_count) <> (counted.members, counted.supporters)
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    select 'groups.groups.' || difference.name, jsonb_build_object('id', wrong.id), difference.cached, difference.counted
    from (
      values
        ('member_count', wrong.member_count, wrong.members),
        ('premium_subscription_count', wrong.premium_subscription_count, wrong.supporters)
    ) as difference (name, cached, counted)
    where difference.cached <> difference.counted;
    update groups.groups as target
    set member_count = wrong.members,
        premium_subscription_count = wrong.supporters
    where target.id = wrong.id;
    repaired := repaired + 1;
  end loop;

  perform from groups.channels as channel where channel.group_id = any (p_group_ids) order by channel.id for no key update;
  for wrong in
    select thread.channel_id, thread.message_count, counted.amount
    from groups.threads as thread
    join groups.channels as channel on channel.id = thread.channel_id
    cross join lateral (
      select count(*)::integer as amount
      from groups.channel_messages as message
      where message.channel_id = thread.channel_id
    ) as counted
    where channel.group_id = any (p_group_ids)
      -- Purged messages were written too: the count is of those, so it may be higher than what is left, never lower.
      and thread.message_count < counted.amount
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values ('groups.threads.message_count', jsonb_build_object('channel_id', wrong.channel_id), wrong.message_count, wrong.amount);
    update groups.threads as thread set message_count = wrong.amount where thread.channel_id = wrong.channel_id;
    repaired := repaired + 1;
  end loop;

  perform
  from groups.channel_reads as marker
  where marker.channel_id in (select channel.id from groups.channels as channel where channel.group_id = any (p_group_ids))
  order by marker.user_id, marker.channel_id
  for no key update;
  for wrong in
    select marker.user_id, marker.channel_id, marker.mention_count, counted.amount
    from groups.channel_reads as marker
    join groups.channels as channel on channel.id = marker.channel_id
    join groups.group_members as member on member.group_id = channel.group_id and member.user_id = marker.user_id
    cross join lateral (
      select count(*)::integer as amount
      from groups.message_mentions as mention
      where mention.user_id = marker.user_id
        and mention.channel_id = marker.channel_id
        and case
          when marker.last_read_message_id is null then mention.message_id >= core.uuidv7_floor(member.joined_at)
          else mention.message_id > marker.last_read_message_id
        end
    ) as counted
    where channel.group_id = any (p_group_ids)
      and marker.mention_count <> counted.amount
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'groups.channel_reads.mention_count',
      jsonb_build_object('user_id', wrong.user_id, 'channel_id', wrong.channel_id),
      wrong.mention_count,
      wrong.amount
    );
    update groups.channel_reads as marker
    set mention_count = wrong.amount
    where marker.user_id = wrong.user_id and marker.channel_id = wrong.channel_id;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function groups.repair_counters(uuid[]) is
  'For the worker: recounts what is cached about these groups (members, supporters, messages of threads, unread mentions), corrects what is wrong, writes each difference to ops.counter_repairs and returns how many rows it corrected. Locks the groups and their channels for the time of the count: call it with a few groups at a time.';

revoke all on function groups.repair_counters(uuid[]) from public;
grant execute on function groups.repair_counters(uuid[]) to stoa_worker;

-- Object: groups/functions/require_above.sql
create or replace function groups.require_above(p_group_id uuid, p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if groups.highest_position(p_group_id, core.current_user_id()) <= groups.highest_position(p_group_id, p_user_id) then
    perform core.fail('group.hierarchy');
  end if;
end
$$;

comment on function groups.require_above(uuid, uuid) is
  'Internal. Refuses (group.hierarchy) unless the caller''s highest role ranks above that of the other person; the owner ranks above all.';

revoke all on function groups.require_above(uuid, uuid) from public;

-- Object: groups/functions/require_membership.sql
create or replace function groups.require_membership(p_group_id uuid, p_user_id uuid)
returns groups.group_members
language plpgsql
stable
set search_path = ''
as $$
declare
  member groups.group_members;
begin
  select * into member
  from groups.group_members as candidate
  where candidate.group_id = p_group_id and candidate.user_id = p_user_id;
  if not found then
    perform core.fail('group_member.unknown');
  end if;
  return member;
end
$$;

comment on function groups.require_membership(uuid, uuid) is
  'Internal. Somebody''s membership. Refuses group_member.unknown.';

revoke all on function groups.require_membership(uuid, uuid) from public;

-- Object: groups/functions/require_permission.sql
create or replace function groups.require_permission(p_group_id uuid, p_permission text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if not groups.can_in_group(p_group_id, p_permission) then
    perform core.fail('group.not_allowed');
  end if;
  if p_permission not in ('CREATE_INVITE', 'CHANGE_NICKNAME', 'VIEW_AUDIT_LOG') then
    perform groups.check_second_factor(p_group_id);
  end if;
end
$$;

comment on function groups.require_permission(uuid, text) is
  'Internal. Refuses a caller who does not hold the permission in the group (group.not_allowed), and, for everything that moderates or manages, one without the second factor that the group demands (group.second_factor_required).';

revoke all on function groups.require_permission(uuid, text) from public;

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

-- Object: groups/functions/restore_group.sql
create or replace function groups.restore_group(p_group_id uuid)
returns groups.groups
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  target_group groups.groups;
begin
  select * into target_group
  from groups.groups as target
  where target.id = p_group_id
    and target.deleted_at is not null
    and (target.owner_id = me or core.current_role_rank() >= 3)
  for no key update;
  if not found then
    perform core.fail('group.unknown');
  end if;
  if target_group.deleted_at <= now() - interval '30 days' then
    perform core.fail('group.restore_too_late');
  end if;
  if core.current_role_rank() < 3 and (
    select entry.actor_id
    from audit.logs as entry
    where entry.resource_type = 'groups.groups' and entry.resource_id = p_group_id and entry.action = 'delete_group'
    order by entry.id desc
    limit 1
  ) is distinct from me then
    perform core.fail('group.not_allowed');
  end if;
  update groups.groups as target set deleted_at = null where target.id = p_group_id returning * into target_group;
  perform audit.record('restore_group', 'groups.groups', p_group_id, p_group_id => p_group_id);
  return target_group;
end
$$;

comment on function groups.restore_group(uuid) is
  'Brings a deleted group back, as it was. Its owner, or an administrator of the platform, within 30 days. Refuses a group that is not deleted or not theirs (group.unknown) and one deleted too long ago (group.restore_too_late); a group that an administrator deleted only an administrator restores (group.not_allowed). Audited.';

revoke all on function groups.restore_group(uuid) from public;
grant execute on function groups.restore_group(uuid) to stoa_member;

-- Object: groups/functions/revoke_invite.sql
create or replace function groups.revoke_invite(p_code text)
returns groups.invites
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  invite groups.invites;
begin
  select * into invite from groups.invites as target where target.code = p_code;
  if invite.id is null
    or (invite.created_by is distinct from me and not groups.can_in_group(invite.group_id, 'MANAGE_GROUP'))
  then
    perform core.fail('invite.unknown');
  end if;
  perform from groups.groups as target where target.id = invite.group_id for no key update;
  update groups.invites as target
  set revoked_at = coalesce(target.revoked_at, now())
  where target.id = invite.id
  returning * into invite;
  if invite.created_by is distinct from me then
    perform audit.record('revoke_group_invite', 'groups.invites', invite.id, p_group_id => invite.group_id);
  end if;
  return invite;
end
$$;

comment on function groups.revoke_invite(text) is
  E'@name revoke_group_invite\nWithdraws an invitation. Whoever made it, or who holds MANAGE_GROUP (else invite.unknown). Doing it twice changes nothing. Audited when it was somebody else''s.';

revoke all on function groups.revoke_invite(text) from public;
grant execute on function groups.revoke_invite(text) to stoa_member;

-- Object: groups/functions/revoke_webhook.sql
create or replace function groups.revoke_webhook(p_webhook_id uuid)
returns uuid
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  hook groups.webhooks;
begin
  hook := groups.managed_webhook(p_webhook_id);
  update groups.webhooks as target
  set revoked_at = coalesce(target.revoked_at, now())
  where target.id = p_webhook_id;
  perform audit.record('revoke_webhook', 'groups.webhooks', p_webhook_id, p_group_id => hook.group_id);
  return hook.id;
end
$$;

comment on function groups.revoke_webhook(uuid) is
  'Disables a webhook for good; what it wrote keeps its name. Returns its id. Needs MANAGE_WEBHOOKS in its channel (channel.not_allowed). Refuses webhook.unknown. Audited.';

revoke all on function groups.revoke_webhook(uuid) from public;
grant execute on function groups.revoke_webhook(uuid) to stoa_member;

-- Object: groups/functions/search.sql
create or replace function groups.search(
  p_query text,
  p_group_id uuid default null,
  p_channel_id uuid default null,
  p_sender_id uuid default null,
  p_since timestamptz default null,
  p_before uuid default null,
  p_first integer default 25
)
returns setof groups.channel_messages
language plpgsql
stable
rows 25
-- The match operator is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  words constant tsquery := websearch_to_tsquery('simple'::regconfig, core.clean_text(p_query, 200));
  places uuid[];
begin
  if p_channel_id is not null then
    perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
    places := array[p_channel_id];
  else
    if p_group_id is not null then
      perform groups.known_group(p_group_id);
    end if;
    places := array(
      select known.channel_id
      from groups.channel_permissions_of_caller(false, p_group_id) as known
      where known.permissions & 66560 = 66560
    );
    if p_group_id is not null then
      places := places || array(
        select known.channel_id
        from groups.channel_permissions_of_caller(true, p_group_id) as known
        where known.permissions & 66560 = 66560
      );
    end if;
    places := places || array(
      select thread.id from groups.channels as thread where thread.parent_channel_id = any (places) and thread.deleted_at is null
    );
  end if;
  if numnode(words) = 0 then
    return;
  end if;
  return query
    select message.*
    from groups.channel_messages as message
    where message.channel_id = any (places)
      and to_tsvector('simple'::regconfig, message.content) @@ words
      and message.deleted_at is null
      and message.id >= core.uuidv7_floor(coalesce(p_since, now() - interval '12 months'))
      and message.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      and (p_sender_id is null or message.sender_id = p_sender_id)
    order by message.id desc
    limit groups.page_size(p_first);
end
$$;

comment on function groups.search(text, uuid, uuid, uuid, timestamptz, uuid, integer) is
  E'@name search_channel_messages\n@simpleCollections only\nMessages that hold words, the newest first, in one channel, or in the channels and threads of one group, or of all groups of the caller; the query may hold "phrases", or, and -words. Narrowed to a sender, and to those since a time (12 months ago when not said). first: 1 to 100; before: the id of the last message of the page before. Finds only what the caller may read. Refuses visitors (session.required), an empty query (input.empty), one over 200 characters (input.too_long), channel.unknown, channel.not_allowed and group.unknown. Sorts every match, so a common word in a large group is slow.';

revoke all on function groups.search(text, uuid, uuid, uuid, timestamptz, uuid, integer) from public;
grant execute on function groups.search(text, uuid, uuid, uuid, timestamptz, uuid, integer) to stoa_member;

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

-- Object: groups/functions/server_mute.sql
create or replace function groups.server_mute(
  p_group_id uuid,
  p_user_id uuid,
  p_is_muted boolean default null,
  p_is_deafened boolean default null
)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  before groups.group_members;
  after groups.group_members;
begin
  perform groups.locked_group(p_group_id);
  if p_is_muted is not null or p_is_deafened is null then
    perform groups.require_permission(p_group_id, 'MUTE_MEMBERS');
  end if;
  if p_is_deafened is not null then
    perform groups.require_permission(p_group_id, 'DEAFEN_MEMBERS');
  end if;
  before := groups.require_membership(p_group_id, p_user_id);
  perform groups.require_above(p_group_id, p_user_id);
  update groups.group_members as member
  set mute = coalesce(p_is_muted, member.mute),
      deaf = coalesce(p_is_deafened, member.deaf)
  where member.group_id = p_group_id and member.user_id = p_user_id
  returning * into after;
  update groups.voice_sessions as session
  set server_mute = after.mute,
      server_deaf = after.deaf
  where session.group_id = p_group_id and session.user_id = p_user_id and session.left_at is null;
  perform audit.record(
    'server_mute_member', 'groups.group_members', p_user_id,
    jsonb_build_object('mute', before.mute, 'deaf', before.deaf), jsonb_build_object('mute', after.mute, 'deaf', after.deaf),
    null, p_group_id, jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  return after;
end
$$;

comment on function groups.server_mute(uuid, uuid, boolean, boolean) is
  E'@name server_mute_member\nMutes or deafens a member in the voice channels of a group, now and when they come again; what is not said stays. Muting needs MUTE_MEMBERS, deafening DEAFEN_MEMBERS (group.not_allowed), both a higher rank (group.hierarchy). Refuses somebody who does not belong (group_member.unknown). Audited.';

revoke all on function groups.server_mute(uuid, uuid, boolean, boolean) from public;
grant execute on function groups.server_mute(uuid, uuid, boolean, boolean) to stoa_member;

-- Object: groups/functions/set_channel_notifications.sql
create or replace function groups.set_channel_notifications(p_channel_id uuid, p_level text default null, p_muted_until timestamptz default null)
returns groups.channel_reads
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  marker groups.channel_reads;
begin
  channel := groups.visible_channel(p_channel_id);
  if p_level not in ('inherit', 'all', 'mentions', 'none') then
    perform core.fail('input.malformed');
  end if;
  perform
  from groups.group_members as member
  where member.group_id = channel.group_id and member.user_id = me
  for key share;
  if not found then
    perform core.fail('group_member.unknown');
  end if;
  insert into groups.channel_reads as known (user_id, channel_id, notification_level, muted_until)
  values (me, p_channel_id, coalesce(p_level, 'inherit'), p_muted_until)
  on conflict (user_id, channel_id) do update
  set notification_level = coalesce(p_level, known.notification_level),
      muted_until = p_muted_until
  returning * into marker;
  return marker;
end
$$;

comment on function groups.set_channel_notifications(uuid, text, timestamptz) is
  'How the caller wants to hear of a channel: level inherit, all, mentions or none (left as it is when not said), and nothing until a time (infinity = for good; null ends it). Refuses channel.unknown, another level (input.malformed), and somebody who does not belong to the group (group_member.unknown).';

revoke all on function groups.set_channel_notifications(uuid, text, timestamptz) from public;
grant execute on function groups.set_channel_notifications(uuid, text, timestamptz) to stoa_member;

-- Object: groups/functions/set_nickname.sql
create or replace function groups.set_nickname(p_group_id uuid, p_nickname text, p_user_id uuid default null)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  nick constant text := core.clean_text(p_nickname, 32, false);
  whose constant uuid := coalesce(p_user_id, core.current_user_id());
  member groups.group_members;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_membership(p_group_id, whose);
  if whose <> me then
    perform groups.require_permission(p_group_id, 'MANAGE_NICKNAMES');
    perform groups.require_above(p_group_id, whose);
  elsif not groups.can_in_group(p_group_id, 'MANAGE_NICKNAMES') then
    perform groups.require_permission(p_group_id, 'CHANGE_NICKNAME');
  end if;
  update groups.group_members as target
  set nickname = nick
  where target.group_id = p_group_id and target.user_id = whose
  returning * into member;
  return member;
end
$$;

comment on function groups.set_nickname(uuid, text, uuid) is
  'Sets the name that a member goes by in a group; null clears it. The caller''s own needs CHANGE_NICKNAME, that of another MANAGE_NICKNAMES (group.not_allowed) and a higher rank (group.hierarchy). Refuses somebody who does not belong (group_member.unknown). Limit: 32 characters.';

revoke all on function groups.set_nickname(uuid, text, uuid) from public;
grant execute on function groups.set_nickname(uuid, text, uuid) to stoa_member;

-- Object: groups/functions/set_override.sql
create or replace function groups.set_override(
  p_channel_id uuid default null,
  p_category_id uuid default null,
  p_role_id uuid default null,
  p_user_id uuid default null,
  p_allow bigint default 0,
  p_deny bigint default 0
)
returns groups.channel_permission_overrides
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  target record;
  overridable bigint;
  override groups.channel_permission_overrides;
begin
  select * into target from groups.override_target(p_channel_id, p_category_id, p_role_id, p_user_id);
  select sum(1::bigint << known.bit)::bigint into overridable from groups.permission_bits as known where known.scope <> 'group';
  perform groups.check_role_bits(target.allow, p_allow, target.held);
  perform groups.check_role_bits(target.deny, p_deny, target.held);
  if (p_allow | p_deny) & ~overridable <> 0 then
    perform core.fail('group_role.bits_invalid');
  end if;
  if p_allow & p_deny <> 0 then
    perform core.fail('override.bits_overlap');
  end if;
  insert into groups.channel_permission_overrides as known (group_id, channel_id, category_id, role_id, user_id, allow, deny)
  values (target.group_id, p_channel_id, p_category_id, p_role_id, p_user_id, p_allow, p_deny)
  on conflict (channel_id, category_id, role_id, user_id) do update
  set allow = excluded.allow,
      deny = excluded.deny
  returning * into override;
  perform audit.record(
    'set_permission_override', 'groups.channel_permission_overrides', override.id,
    jsonb_build_object('allow', target.allow::text, 'deny', target.deny::text),
    jsonb_build_object('allow', p_allow::text, 'deny', p_deny::text), p_group_id => target.group_id
  );
  return override;
end
$$;

comment on function groups.set_override(uuid, uuid, uuid, uuid, bigint, bigint) is
  E'@name set_permission_override\nAllows and denies bits to one role or one member, in one channel or under one heading; replaces what stood there. Needs MANAGE_ROLES there (channel.not_allowed, group.not_allowed), a rank above the role''s or the other member''s (group.hierarchy), and every bit that changes (group_role.bits_not_held). Refuses anything but one place and one target (override.malformed), a bit both allowed and denied (override.bits_overlap), bits that do not exist or mean nothing in a channel (group_role.bits_invalid), and channel.unknown, channel.wrong_type (threads follow their parents), channel_category.unknown, group_role.unknown, group_member.unknown. Audited.';

revoke all on function groups.set_override(uuid, uuid, uuid, uuid, bigint, bigint) from public;
grant execute on function groups.set_override(uuid, uuid, uuid, uuid, bigint, bigint) to stoa_member;

-- Object: groups/functions/set_voice_state.sql
create or replace function groups.set_voice_state(
  p_self_mute boolean default null,
  p_self_deaf boolean default null,
  p_self_video boolean default null,
  p_self_stream boolean default null
)
returns groups.voice_sessions
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  session groups.voice_sessions;
begin
  select * into session
  from groups.voice_sessions as current_one
  where current_one.user_id = me and current_one.left_at is null
  for no key update;
  if not found then
    perform core.fail('voice.not_connected');
  end if;
  if p_self_video or p_self_stream then
    perform groups.permitted_channel(session.channel_id, 'STREAM');
  end if;
  update groups.voice_sessions as current_one
  set self_mute = coalesce(p_self_mute, current_one.self_mute),
      self_deaf = coalesce(p_self_deaf, current_one.self_deaf),
      self_video = coalesce(p_self_video, current_one.self_video),
      self_stream = coalesce(p_self_stream, current_one.self_stream)
  where current_one.id = session.id
  returning * into session;
  return session;
end
$$;

comment on function groups.set_voice_state(boolean, boolean, boolean, boolean) is
  'Switches the caller''s microphone, ears, camera and screen; what is not said stays. Camera and screen need STREAM (channel.not_allowed). Refuses somebody who is in no voice channel (voice.not_connected).';

revoke all on function groups.set_voice_state(boolean, boolean, boolean, boolean) from public;
grant execute on function groups.set_voice_state(boolean, boolean, boolean, boolean) to stoa_member;

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

-- Object: groups/functions/tell_mentioned.sql
create or replace function groups.tell_mentioned(p_message groups.channel_messages, p_channel groups.channels)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  actor_name text;
begin
  select coalesce(member.nickname, person.display_name, person.username::text, 'Somebody') into actor_name
  from core.users as person
  left join groups.group_members as member on member.user_id = person.id and member.group_id = p_channel.group_id
  where person.id = p_message.sender_id;
  perform notifications.notify(
    told.user_id,
    'mention',
    actor_name || told.verb || p_channel.name,
    left(p_message.content, 200),
    jsonb_build_object('group_id', p_channel.group_id, 'channel_id', p_channel.id, 'message_id', p_message.id),
    p_message.sender_id,
    'channel:' || p_channel.id || ':mentions'
  )
  from (
    select recipient.user_id, case when bool_or(recipient.is_answer) then ' answered you in #' else ' mentioned you in #' end as verb
    from (
      select mention.user_id, false as is_answer
      from groups.message_mentions as mention
      where mention.channel_id = p_message.channel_id
        and mention.message_id = p_message.id
        and mention.user_id is not null
      union all
      select answered.sender_id, true
      from groups.channel_messages as answered
      where answered.channel_id = p_message.channel_id
        and answered.id = p_message.reply_to_id
        and answered.sender_id is not null
        and groups.permissions_of(p_channel.group_id, answered.sender_id, p_channel.id) & 1024 <> 0
    ) as recipient
    where recipient.user_id is distinct from p_message.sender_id
      and not groups.is_silenced(recipient.user_id, p_channel.id)
    group by recipient.user_id
    order by recipient.user_id
  ) as told;

  if p_message.mention_everyone or exists (
    select
    from groups.message_mentions as mention
    where mention.channel_id = p_message.channel_id
      and mention.message_id = p_message.id
      and mention.role_id is not null
  ) then
    perform core.enqueue(
      'notify_mentions', json_build_object('channelId', p_message.channel_id, 'messageId', p_message.id)
    );
  end if;
end
$$;

comment on function groups.tell_mentioned(groups.channel_messages, groups.channels) is
  'Internal. Rings the bells of those whom a message mentions by name, and of whoever it answers, in the order of their ids; roles and everybody are left to the job notify_mentions, because a crowd must not hold the lock of the channel.';

revoke all on function groups.tell_mentioned(groups.channel_messages, groups.channels) from public;

-- Object: groups/functions/time_out.sql
create or replace function groups.time_out(
  p_group_id uuid,
  p_user_id uuid,
  p_until timestamptz default null,
  p_reason text default null
)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 512, false);
  target_group groups.groups;
  before groups.group_members;
  after groups.group_members;
begin
  target_group := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MODERATE_MEMBERS');
  if p_until <= clock_timestamp() or p_until > now() + interval '28 days' then
    perform core.fail('group_member.until_invalid');
  end if;
  before := groups.require_membership(p_group_id, p_user_id);
  perform groups.require_above(p_group_id, p_user_id);
  if p_until is not null
    and groups.permissions_of(p_group_id, p_user_id) & groups.permission('ADMINISTRATOR') <> 0
  then
    perform core.fail('group_member.administrator');
  end if;
  update groups.group_members as member
  set muted_until = p_until
  where member.group_id = p_group_id and member.user_id = p_user_id
  returning * into after;
  perform audit.record(
    'time_out_group_member', 'groups.group_members', p_user_id,
    jsonb_build_object('muted_until', before.muted_until), jsonb_build_object('muted_until', after.muted_until), why, p_group_id,
    jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  if p_until is not null then
    perform notifications.notify(
      p_user_id, 'moderation', 'You have a time-out in the group ' || target_group.name, why,
      jsonb_build_object('group_id', p_group_id, 'muted_until', p_until)
    );
  end if;
  return after;
end
$$;

comment on function groups.time_out(uuid, uuid, timestamptz, text) is
  E'@name time_out_group_member\nLets a member only look and listen until a time, at most 28 days ahead; without a time it ends a time-out. Needs MODERATE_MEMBERS (group.not_allowed) and a higher rank (group.hierarchy). Refuses somebody who does not belong (group_member.unknown), administrators, on whom it would have no effect (group_member.administrator), and another time (group_member.until_invalid). Limit: reason 512 characters. Audited; the person is told.';

revoke all on function groups.time_out(uuid, uuid, timestamptz, text) from public;
grant execute on function groups.time_out(uuid, uuid, timestamptz, text) to stoa_member;

-- Object: groups/functions/transfer_ownership.sql
create or replace function groups.transfer_ownership(p_group_id uuid, p_user_id uuid)
returns groups.groups
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  target_group groups.groups;
  former uuid;
begin
  target_group := groups.locked_group(p_group_id);
  former := target_group.owner_id;
  if former <> me and core.current_role_rank() < 3 then
    perform core.fail('group.not_allowed');
  end if;
  perform groups.check_second_factor(p_group_id);
  perform groups.require_membership(p_group_id, p_user_id);
  if not exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
      and (person.banned_until is null or person.banned_until <= now())
  ) then
    perform core.fail('user.unknown');
  end if;
  if p_user_id = former then
    return target_group;
  end if;
  if exists (
    select from groups.group_settings as settings where settings.group_id = p_group_id and settings.mfa_level = 1
  ) and not groups.has_second_factor(p_user_id) then
    perform core.fail('group_member.second_factor_missing');
  end if;
  perform groups.check_owned_limit(p_user_id);

  update groups.groups as target set owner_id = p_user_id where target.id = p_group_id returning * into target_group;
  -- A time-out means nothing for an owner, and must not come back with the next transfer.
  update groups.group_members as member
  set muted_until = null, pending = false
  where member.group_id = p_group_id and member.user_id = p_user_id;
  perform audit.record(
    'transfer_group', 'groups.groups', p_group_id,
    jsonb_build_object('owner_id', former), jsonb_build_object('owner_id', p_user_id), p_group_id => p_group_id
  );
  perform notifications.notify(
    p_user_id, 'group', 'You now own the group ' || target_group.name, null, jsonb_build_object('group_id', p_group_id), me
  );
  return target_group;
end
$$;

comment on function groups.transfer_ownership(uuid, uuid) is
  E'@name transfer_group\nHands a group to another member. Only its owner or an administrator of the platform (group.not_allowed). Refuses somebody who does not belong (group_member.unknown), whose account is closed, disabled or banned (user.unknown), who lacks the second factor that the group demands (group_member.second_factor_missing), or who owns as many groups as one may (group.limit_reached). Audited; the new owner is told.';

revoke all on function groups.transfer_ownership(uuid, uuid) from public;
grant execute on function groups.transfer_ownership(uuid, uuid) to stoa_member;

-- Object: groups/functions/unarchive.sql
create or replace function groups.unarchive(p_thread_id uuid)
returns groups.threads
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  thread groups.threads;
begin
  thread := groups.locked_thread(p_thread_id, true);
  if thread.locked_at is not null and not groups.can(p_thread_id, 'MANAGE_THREADS') then
    perform core.fail('thread.locked');
  end if;
  update groups.threads as target set archived_at = null where target.channel_id = p_thread_id returning * into thread;
  return thread;
end
$$;

comment on function groups.unarchive(uuid) is
  E'@name unarchive_thread\nBrings an archived thread back. Whoever started it, or holds MANAGE_THREADS (channel.not_allowed). Refuses channel.unknown, thread.unknown, and a locked thread without MANAGE_THREADS (thread.locked).';

revoke all on function groups.unarchive(uuid) from public;
grant execute on function groups.unarchive(uuid) to stoa_member;

-- Object: groups/functions/unassign_role.sql
create or replace function groups.unassign_role(p_group_id uuid, p_user_id uuid, p_role_id uuid)
returns groups.group_member_roles
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  role groups.roles;
  gone groups.group_member_roles;
begin
  role := groups.assignable_role(p_group_id, p_user_id, p_role_id);
  delete from groups.group_member_roles as assigned
  where assigned.group_id = p_group_id and assigned.user_id = p_user_id and assigned.role_id = p_role_id
  returning * into gone;
  if not found then
    perform core.fail('group_role.not_held');
  end if;
  perform audit.record(
    'unassign_group_role', 'groups.group_member_roles', p_user_id, jsonb_build_object('role_id', p_role_id, 'name', role.name), null,
    null, p_group_id, jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id, 'role_id', p_role_id)
  );
  return gone;
end
$$;

comment on function groups.unassign_role(uuid, uuid, uuid) is
  E'@name unassign_group_role\nTakes a role from a member. Needs what assigning it needs. Refuses also a role that the member does not hold (group_role.not_held). Audited.';

revoke all on function groups.unassign_role(uuid, uuid, uuid) from public;
grant execute on function groups.unassign_role(uuid, uuid, uuid) to stoa_member;

-- Object: groups/functions/unban.sql
create or replace function groups.unban(p_group_id uuid, p_user_id uuid)
returns groups.bans
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  gone groups.bans;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'BAN_MEMBERS');
  delete from groups.bans as ban where ban.group_id = p_group_id and ban.user_id = p_user_id returning * into gone;
  if not found then
    perform core.fail('group_ban.unknown');
  end if;
  perform audit.record(
    'unban_from_group', 'groups.bans', p_user_id, jsonb_build_object('reason', gone.reason, 'expires_at', gone.expires_at),
    p_group_id => p_group_id, p_resource_key => jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  return gone;
end
$$;

comment on function groups.unban(uuid, uuid) is
  E'@name unban_from_group\nEnds a ban: the person may join again. Needs BAN_MEMBERS (group.not_allowed). Refuses somebody who is not banned (group_ban.unknown). Audited.';

revoke all on function groups.unban(uuid, uuid) from public;
grant execute on function groups.unban(uuid, uuid) to stoa_member;

-- Object: groups/functions/unpin.sql
create or replace function groups.unpin(p_channel_id uuid, p_message_id uuid)
returns groups.pinned_messages
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  gone groups.pinned_messages;
begin
  perform groups.permitted_channel(p_channel_id, 'MANAGE_MESSAGES');
  perform from groups.channels as channel where channel.id = p_channel_id for no key update;
  delete from groups.pinned_messages as known
  where known.channel_id = p_channel_id and known.message_id = p_message_id
  returning * into gone;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;
  return gone;
end
$$;

comment on function groups.unpin(uuid, uuid) is
  E'@name unpin_channel_message\nUnpins a message. Needs MANAGE_MESSAGES (channel.not_allowed). Refuses channel.unknown and a message that is not pinned (channel_message.unknown).';

revoke all on function groups.unpin(uuid, uuid) from public;
grant execute on function groups.unpin(uuid, uuid) to stoa_member;

-- Object: groups/functions/unreact.sql
create or replace function groups.unreact(p_channel_id uuid, p_message_id uuid, p_emoji text)
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
  perform groups.visible_channel(p_channel_id);
  delete from groups.message_reactions as reaction
  where reaction.channel_id = p_channel_id
    and reaction.message_id = p_message_id
    and reaction.emoji = p_emoji
    and reaction.user_id = me;
  return found;
end
$$;

comment on function groups.unreact(uuid, uuid, text) is
  E'@name unreact_to_channel_message\nTakes one''s own reaction back; tells whether there was one. Refuses channel.unknown.';

revoke all on function groups.unreact(uuid, uuid, text) from public;
grant execute on function groups.unreact(uuid, uuid, text) to stoa_member;

-- Object: groups/functions/unread.sql
create or replace function groups.unread(p_group_id uuid)
returns table (channel_id uuid, unread_count bigint, mention_count integer, last_message_id uuid)
language plpgsql
stable
rows 50
-- Reads as the owner after one look at the caller's permissions, because policies would check each row.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  member groups.group_members;
begin
  member := groups.require_membership(p_group_id, me);
  return query
    select place.id, counted.amount, coalesce(marker.mention_count, 0), place.last_message_id
    from (
      select channel.id, channel.last_seq, channel.last_message_id, member.joined_at as since
      from groups.channel_permissions_of_caller(false, p_group_id) as known
      join groups.channels as channel on channel.id = known.channel_id
      where known.permissions & 66560 = 66560
      union all
      select thread.id, thread.last_seq, thread.last_message_id, follower.joined_at
      from groups.channel_permissions_of_caller(false, p_group_id) as known
      join groups.channels as thread on thread.parent_channel_id = known.channel_id and thread.deleted_at is null
      join groups.thread_members as follower on follower.channel_id = thread.id and follower.user_id = me
      where known.permissions & 66560 = 66560
    ) as place
    left join groups.channel_reads as marker on marker.user_id = me and marker.channel_id = place.id
    cross join lateral (
      select groups.unread_after(place.id, place.last_seq, marker.last_read_seq, place.since) as amount
    ) as counted
    where counted.amount > 0
      or marker.mention_count > 0
    order by place.last_message_id desc nulls last;
end
$$;

comment on function groups.unread(uuid) is
  E'@name unread_channels\nThe channels of a group that hold something the caller has not read, with how much, and how many mentions of the caller; of threads, those that the caller follows. In a channel that was never opened, what came since the caller joined counts, at most 100. Refuses somebody who does not belong (group_member.unknown). Does not grow with the messages.';

revoke all on function groups.unread(uuid) from public;
grant execute on function groups.unread(uuid) to stoa_member;

-- Object: groups/functions/unread_after.sql
create or replace function groups.unread_after(p_channel_id uuid, p_last_seq bigint, p_read_seq bigint, p_since timestamptz)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_read_seq is not null then
    return greatest(0, p_last_seq - p_read_seq);
  end if;
  return (
    select count(*)
    from (
      select
      from groups.channel_messages as message
      where message.channel_id = p_channel_id
        and message.id >= core.uuidv7_floor(p_since)
      limit 100
    ) as newer
  );
end
$$;

comment on function groups.unread_after(uuid, bigint, bigint, timestamptz) is
  'Internal. How many messages a reader has not read: the distance from their marker to the newest, or, in a channel that they never opened, those since they came, at most 100.';

revoke all on function groups.unread_after(uuid, bigint, bigint, timestamptz) from public;

-- Object: groups/functions/update_category.sql
create or replace function groups.update_category(p_category_id uuid, p_name text)
returns groups.channel_categories
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category groups.channel_categories;
begin
  perform groups.managed_category(p_category_id);
  update groups.channel_categories as target
  set name = core.clean_text(p_name, 100)
  where target.id = p_category_id
  returning * into category;
  return category;
end
$$;

comment on function groups.update_category(uuid, text) is
  E'@name rename_channel_category\nRenames a heading. Needs MANAGE_CHANNELS (group.not_allowed). Refuses channel_category.unknown and, for a group that the caller may not know of, group.unknown. Limit: 100 characters.';

revoke all on function groups.update_category(uuid, text) from public;
grant execute on function groups.update_category(uuid, text) to stoa_member;

-- Object: groups/functions/update_channel.sql
create or replace function groups.update_channel(p_channel_id uuid, p_patch jsonb)
returns groups.channels
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  nullable constant text[] := array[
    'topic', 'category_id', 'bitrate', 'user_limit', 'rtc_region', 'default_auto_archive_minutes', 'retention_days'
  ];
  me constant uuid := core.require_member();
  before groups.channels;
  after groups.channels;
  images jsonb;
begin
  before := groups.managed_channel(p_channel_id, 'MANAGE_CHANNELS');
  perform groups.check_patch_types(
    p_patch,
    array['name', 'topic', 'category_id', 'type', 'rtc_region'],
    array['is_private', 'nsfw'],
    array['slowmode_seconds', 'bitrate', 'user_limit', 'video_quality_mode', 'default_auto_archive_minutes', 'retention_days'],
    nullable
  );
  if p_patch ? 'retention_days' then
    perform groups.require_permission(before.group_id, 'MANAGE_GROUP');
  end if;
  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(p_patch ->> 'name', 100); end if;
  after.topic := core.patch_text(p_patch, 'topic', before.topic, 500);
  after.rtc_region := core.patch_text(p_patch, 'rtc_region', before.rtc_region, 20);
  if p_patch ? 'type' and p_patch ->> 'type' <> before.type then
    if before.type = 'voice' or p_patch ->> 'type' not in ('text', 'announcement') then
      perform core.fail('input.malformed');
    end if;
    after.type := p_patch ->> 'type';
  end if;
  if p_patch ? 'category_id' then
    if p_patch ->> 'category_id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform core.fail('input.malformed');
    end if;
    after.category_id := (p_patch ->> 'category_id')::uuid;
    perform groups.check_category(before.group_id, after.category_id);
  end if;
  if p_patch ? 'is_private' then after.is_private := (p_patch ->> 'is_private')::boolean; end if;
  if p_patch ? 'nsfw' then after.nsfw := (p_patch ->> 'nsfw')::boolean; end if;
  if p_patch ? 'slowmode_seconds' then after.slowmode_seconds := (p_patch ->> 'slowmode_seconds')::integer; end if;
  if p_patch ? 'bitrate' then after.bitrate := (p_patch ->> 'bitrate')::integer; end if;
  if p_patch ? 'default_auto_archive_minutes' then
    after.default_auto_archive_minutes := (p_patch ->> 'default_auto_archive_minutes')::integer;
  end if;
  if p_patch ? 'retention_days' then after.retention_days := (p_patch ->> 'retention_days')::integer; end if;
  begin
    if p_patch ? 'user_limit' then after.user_limit := (p_patch ->> 'user_limit')::smallint; end if;
    if p_patch ? 'video_quality_mode' then after.video_quality_mode := (p_patch ->> 'video_quality_mode')::smallint; end if;
    update groups.channels as channel
    set name = after.name,
        topic = after.topic,
        type = after.type,
        category_id = after.category_id,
        is_private = after.is_private,
        nsfw = after.nsfw,
        slowmode_seconds = after.slowmode_seconds,
        bitrate = after.bitrate,
        user_limit = after.user_limit,
        rtc_region = after.rtc_region,
        video_quality_mode = after.video_quality_mode,
        default_auto_archive_minutes = after.default_auto_archive_minutes,
        retention_days = after.retention_days
    where channel.id = p_channel_id
    returning * into after;
  exception
    when check_violation or numeric_value_out_of_range then perform core.fail('input.malformed');
  end;
  images := groups.patch_images(p_patch, to_jsonb(before), to_jsonb(after));
  perform audit.record(
    'update_channel', 'groups.channels', p_channel_id, images -> 'before', images -> 'after', p_group_id => before.group_id
  );
  return after;
end
$$;

comment on function groups.update_channel(uuid, jsonb) is
  'Changes a channel. The patch may name name, topic, category_id, type (text and announcement change into each other), is_private, nsfw, slowmode_seconds, bitrate, user_limit, rtc_region, video_quality_mode, default_auto_archive_minutes, retention_days; null clears what may be empty. Needs MANAGE_CHANNELS there (channel.not_allowed); retention_days, which deletes messages, needs MANAGE_GROUP (group.not_allowed). Refuses channel.unknown, threads (channel.wrong_type), other keys (input.unknown_key), values that are malformed, out of range or not for this type (input.malformed), a heading of another group (channel_category.unknown). Audited.';

revoke all on function groups.update_channel(uuid, jsonb) from public;
grant execute on function groups.update_channel(uuid, jsonb) to stoa_member;

-- Object: groups/functions/update_group.sql
create or replace function groups.update_group(p_group_id uuid, p_patch jsonb)
returns groups.groups
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  nullable constant text[] := array['description', 'icon_url', 'banner_url', 'splash_url', 'vanity_code'];
  me constant uuid := core.require_member();
  before groups.groups;
  after groups.groups;
  images jsonb;
begin
  before := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_GROUP');
  perform groups.check_patch_types(
    p_patch - 'features', nullable || array['name', 'preferred_locale'], array['is_public', 'nsfw'], array['max_members'], nullable
  );
  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(p_patch ->> 'name', 100); end if;
  after.description := core.patch_text(p_patch, 'description', before.description, 5000);
  if p_patch ? 'icon_url' then after.icon_url := groups.clean_url(p_patch ->> 'icon_url'); end if;
  if p_patch ? 'banner_url' then after.banner_url := groups.clean_url(p_patch ->> 'banner_url'); end if;
  if p_patch ? 'splash_url' then after.splash_url := groups.clean_url(p_patch ->> 'splash_url'); end if;
  if p_patch ? 'vanity_code' then
    after.vanity_code := lower(btrim(p_patch ->> 'vanity_code'));
    if after.vanity_code !~ '^[a-z0-9-]{2,50}$' then
      perform core.fail('group.vanity_invalid');
    end if;
  end if;
  if p_patch ? 'preferred_locale' then
    after.preferred_locale := core.clean_text(p_patch ->> 'preferred_locale', 10);
  end if;
  if p_patch ? 'is_public' then after.is_public := (p_patch ->> 'is_public')::boolean; end if;
  if p_patch ? 'nsfw' then after.nsfw := (p_patch ->> 'nsfw')::boolean; end if;
  if p_patch ? 'max_members' then
    after.max_members := (p_patch ->> 'max_members')::integer;
    if after.max_members < 1 then
      perform core.fail('input.malformed');
    end if;
  end if;
  if p_patch ? 'features' then
    if jsonb_typeof(p_patch -> 'features') <> 'array'
      or jsonb_array_length(p_patch -> 'features') > 20
      or exists (
        select
        from jsonb_array_elements(p_patch -> 'features') as feature (value)
        where jsonb_typeof(feature.value) <> 'string' or feature.value #>> '{}' !~ '^[a-z_]{1,40}$'
      )
    then
      perform core.fail('input.malformed');
    end if;
    after.features := array(select distinct jsonb_array_elements_text(p_patch -> 'features') order by 1);
  end if;

  begin
    update groups.groups as target
    set name = after.name,
        description = after.description,
        icon_url = after.icon_url,
        banner_url = after.banner_url,
        splash_url = after.splash_url,
        vanity_code = after.vanity_code,
        preferred_locale = after.preferred_locale,
        is_public = after.is_public,
        nsfw = after.nsfw,
        max_members = after.max_members,
        features = after.features
    where target.id = p_group_id
    returning * into after;
  exception
    when unique_violation then perform core.fail('group.vanity_taken');
  end;
  images := groups.patch_images(p_patch, to_jsonb(before), to_jsonb(after));
  perform audit.record(
    'update_group', 'groups.groups', p_group_id, images -> 'before', images -> 'after', p_group_id => p_group_id
  );
  return after;
end
$$;

comment on function groups.update_group(uuid, jsonb) is
  'Changes a group. The patch may name name, description, icon_url, banner_url, splash_url, vanity_code, preferred_locale, is_public, nsfw, max_members, features; null clears the texts that may be empty. Needs MANAGE_GROUP (group.not_allowed). Refuses other keys (input.unknown_key), values of the wrong kind (input.malformed), pictures that are no web address (group.url_invalid), a code that is malformed (group.vanity_invalid) or taken (group.vanity_taken). Limits: name 100, description 5,000, locale 10 characters, 20 features. Audited.';

revoke all on function groups.update_group(uuid, jsonb) from public;
grant execute on function groups.update_group(uuid, jsonb) to stoa_member;

-- Object: groups/functions/update_role.sql
create or replace function groups.update_role(p_role_id uuid, p_patch jsonb)
returns groups.roles
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  nullable constant text[] := array['icon_url', 'unicode_emoji'];
  me constant uuid := core.require_member();
  before groups.roles;
  after groups.roles;
  images jsonb;
begin
  before := groups.managed_role(p_role_id);
  perform groups.check_patch_types(
    p_patch - 'permissions', nullable || array['name'], array['hoist', 'mentionable'], array['color'], nullable
  );
  after := before;
  if p_patch ? 'permissions' then
    if p_patch ->> 'permissions' is null or p_patch ->> 'permissions' !~ '^[0-9]{1,18}$' then
      perform core.fail('input.malformed');
    end if;
    after.permissions := (p_patch ->> 'permissions')::bigint;
    perform groups.check_role_bits(before.permissions, after.permissions, groups.my_permissions(before.group_id));
  end if;
  if p_patch ? 'name' then after.name := core.clean_text(p_patch ->> 'name', 100); end if;
  if p_patch ? 'color' then
    after.color := (p_patch ->> 'color')::integer;
    if after.color not between 0 and 16777215 then
      perform core.fail('input.malformed');
    end if;
  end if;
  if p_patch ? 'hoist' then after.hoist := (p_patch ->> 'hoist')::boolean; end if;
  if p_patch ? 'mentionable' then after.mentionable := (p_patch ->> 'mentionable')::boolean; end if;
  if p_patch ? 'icon_url' then after.icon_url := groups.clean_url(p_patch ->> 'icon_url'); end if;
  after.unicode_emoji := core.patch_text(p_patch, 'unicode_emoji', before.unicode_emoji, 100);
  update groups.roles as role
  set name = after.name,
      color = after.color,
      hoist = after.hoist,
      icon_url = after.icon_url,
      unicode_emoji = after.unicode_emoji,
      permissions = after.permissions,
      mentionable = after.mentionable
  where role.id = p_role_id
  returning * into after;
  images := groups.patch_images(p_patch, to_jsonb(before), to_jsonb(after));
  perform audit.record(
    'update_group_role', 'groups.roles', p_role_id, images -> 'before', images -> 'after', p_group_id => before.group_id
  );
  return after;
end
$$;

comment on function groups.update_role(uuid, jsonb) is
  E'@name update_group_role\nChanges a role. The patch may name name, color, hoist, icon_url, unicode_emoji, mentionable, and permissions (a number, as text beyond 2^31). Needs MANAGE_ROLES (group.not_allowed), a higher rank (group.hierarchy), and for permissions every bit that changes (group_role.bits_not_held). Refuses group_role.unknown, bits that do not exist (group_role.bits_invalid), other keys (input.unknown_key) and values of the wrong kind (input.malformed). Audited.';

revoke all on function groups.update_role(uuid, jsonb) from public;
grant execute on function groups.update_role(uuid, jsonb) to stoa_member;

-- Object: groups/functions/update_settings.sql
create or replace function groups.update_settings(p_group_id uuid, p_patch jsonb)
returns groups.group_settings
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  channel_keys constant text[] := array['afk_channel_id', 'system_channel_id', 'rules_channel_id', 'public_updates_channel_id'];
  me constant uuid := core.require_member();
  target_group groups.groups;
  before groups.group_settings;
  after groups.group_settings;
  images jsonb;
  named record;
begin
  target_group := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_GROUP');
  perform groups.check_patch_types(
    p_patch,
    channel_keys || array['region'],
    array[]::text[],
    array[
      'afk_timeout_seconds', 'verification_level', 'default_message_notifications', 'explicit_content_filter',
      'mfa_level', 'system_channel_flags', 'max_presences'
    ],
    channel_keys || array['max_presences']
  );
  if p_patch ? 'mfa_level' then
    if target_group.owner_id <> me then
      perform core.fail('group.not_allowed');
    end if;
    if not groups.has_second_factor(me) then
      perform core.fail('group.second_factor_required');
    end if;
  end if;
  for named in select field.key, field.value from jsonb_each_text(p_patch) as field where field.key = any (channel_keys) loop
    continue when named.value is null;
    if named.value !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform core.fail('input.malformed');
    end if;
    perform
    from groups.channels as channel
    where channel.group_id = p_group_id and channel.id = named.value::uuid and channel.deleted_at is null;
    if not found then
      perform core.fail('channel.unknown');
    end if;
    perform
    from groups.channels as channel
    where channel.id = named.value::uuid
      and channel.type = any (case when named.key = 'afk_channel_id' then array['voice'] else array['text', 'announcement'] end);
    if not found then
      perform core.fail('channel.wrong_type');
    end if;
  end loop;

  select * into before from groups.group_settings as settings where settings.group_id = p_group_id for no key update;
  after := jsonb_populate_record(before, p_patch);
  after.region := core.clean_text(after.region, 20);
  begin
    update groups.group_settings as settings
    set region = after.region,
        afk_channel_id = after.afk_channel_id,
        afk_timeout_seconds = after.afk_timeout_seconds,
        verification_level = after.verification_level,
        default_message_notifications = after.default_message_notifications,
        explicit_content_filter = after.explicit_content_filter,
        mfa_level = after.mfa_level,
        system_channel_id = after.system_channel_id,
        system_channel_flags = after.system_channel_flags,
        rules_channel_id = after.rules_channel_id,
        public_updates_channel_id = after.public_updates_channel_id,
        max_presences = after.max_presences
    where settings.group_id = p_group_id
    returning * into after;
  exception
    when check_violation then perform core.fail('input.malformed');
  end;
  images := groups.patch_images(p_patch, to_jsonb(before), to_jsonb(after));
  perform audit.record(
    'update_group_settings', 'groups.group_settings', p_group_id, images -> 'before', images -> 'after', p_group_id => p_group_id
  );
  return after;
end
$$;

comment on function groups.update_settings(uuid, jsonb) is
  E'@name update_group_settings\nChanges how a group behaves. The patch may name region, afk_channel_id, afk_timeout_seconds, verification_level, default_message_notifications, explicit_content_filter, mfa_level, system_channel_id, system_channel_flags, rules_channel_id, public_updates_channel_id, max_presences; null clears channels and max_presences. Needs MANAGE_GROUP (group.not_allowed). Only the owner changes mfa_level, and needs a second factor for that (group.second_factor_required). Refuses other keys (input.unknown_key), values that are malformed or out of range (input.malformed), and channels that are not of this group or not of the kind (channel.unknown, channel.wrong_type). Audited.';

revoke all on function groups.update_settings(uuid, jsonb) from public;
grant execute on function groups.update_settings(uuid, jsonb) to stoa_member;

-- Object: groups/functions/visible_channel.sql
create or replace function groups.visible_channel(p_channel_id uuid)
returns groups.channels
language plpgsql
stable
set search_path = ''
as $$
declare
  channel groups.channels;
begin
  select * into channel from groups.channels as target where target.id = p_channel_id;
  if channel.id is null or groups.my_permissions(channel.group_id, channel.id) & groups.permission('VIEW_CHANNEL') = 0 then
    perform core.fail('channel.unknown');
  end if;
  return channel;
end
$$;

comment on function groups.visible_channel(uuid) is
  'Internal. A live channel that the caller may view. Refuses channel.unknown.';

revoke all on function groups.visible_channel(uuid) from public;

-- Object: groups/functions/voice_heartbeat.sql
create or replace function groups.voice_heartbeat(p_session_id uuid)
returns groups.voice_sessions
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  session groups.voice_sessions;
begin
  update groups.voice_sessions as current_one
  set last_heartbeat_at = now()
  where current_one.id = p_session_id and current_one.user_id = me and current_one.left_at is null
  returning * into session;
  if not found then
    perform core.fail('voice.not_connected');
  end if;
  return session;
end
$$;

comment on function groups.voice_heartbeat(uuid) is
  'Says that the caller is still in voice; without it for two minutes the session is closed. Refuses a session that is not the caller''s or has ended (voice.not_connected).';

revoke all on function groups.voice_heartbeat(uuid) from public;
grant execute on function groups.voice_heartbeat(uuid) to stoa_member;

-- Object: groups/functions/voice_heartbeats.sql
create or replace function groups.voice_heartbeats(p_session_ids uuid[])
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  alive integer;
begin
  perform
  from groups.voice_sessions as session
  where session.id = any (p_session_ids) and session.left_at is null
  order by session.id
  for no key update;
  update groups.voice_sessions as session
  set last_heartbeat_at = now()
  where session.id = any (p_session_ids) and session.left_at is null;
  get diagnostics alive = row_count;
  return alive;
end
$$;

comment on function groups.voice_heartbeats(uuid[]) is
  'For the media server: these sessions are alive. Returns how many of them are open; the others have ended meanwhile and are to be cut off.';

revoke all on function groups.voice_heartbeats(uuid[]) from public;
grant execute on function groups.voice_heartbeats(uuid[]) to stoa_worker;

-- Object: groups/functions/writable_channel.sql
create or replace function groups.writable_channel(p_channel_id uuid)
returns groups.channels
language plpgsql
stable
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  channel groups.channels;
  level smallint;
begin
  channel := groups.permitted_channel(p_channel_id, 'SEND_MESSAGES');
  if channel.type = 'voice' then
    perform core.fail('channel.wrong_type');
  end if;
  if channel.type = 'announcement' then
    perform groups.permitted_channel(p_channel_id, 'MANAGE_MESSAGES');
  end if;
  if channel.type = 'thread'
    and exists (
      select from groups.threads as thread where thread.channel_id = p_channel_id and thread.locked_at is not null
    )
    and not groups.can(p_channel_id, 'MANAGE_THREADS')
  then
    perform core.fail('thread.locked');
  end if;
  select settings.verification_level into level
  from groups.group_settings as settings
  where settings.group_id = channel.group_id;
  if level > 0 and groups.highest_position(channel.group_id, me) = 0 and not exists (
    select
    from groups.group_members as member
    join core.users as person on person.id = member.user_id
    left join auth.accounts as account on account.user_id = member.user_id
    where member.group_id = channel.group_id
      and member.user_id = me
      and account.email_verified_at is not null
      and (level < 2 or person.inserted_at <= now() - interval '5 minutes')
      and (level < 3 or member.joined_at <= now() - interval '10 minutes')
      and (level < 4 or groups.has_second_factor(me))
  ) then
    perform core.fail('group.verification_required');
  end if;
  return channel;
end
$$;

comment on function groups.writable_channel(uuid) is
  'Internal. A channel that the caller may write into. Refuses channel.unknown, channel.not_allowed (in an announcement channel MANAGE_MESSAGES is needed), group_member.timed_out, a voice channel (channel.wrong_type), a locked thread without MANAGE_THREADS (thread.locked), and a member who does not reach the verification level of the group (group.verification_required); members with a role and the owner are beyond verification.';

revoke all on function groups.writable_channel(uuid) from public;

-- Object: groups/functions/write_mentions.sql
create or replace function groups.write_mentions(p_message groups.channel_messages, p_held bigint)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  people constant uuid[] := groups.mentioned_ids(p_message.content, '@');
  role_ids constant uuid[] := groups.mentioned_ids(p_message.content, '@&');
  channel_ids constant uuid[] := groups.mentioned_ids(p_message.content, '#');
  home uuid;
begin
  if cardinality(people) + cardinality(role_ids) + cardinality(channel_ids) > 50 then
    perform core.fail('channel_message.too_many_mentions');
  end if;
  delete from groups.message_mentions as mention
  where mention.channel_id = p_message.channel_id
    and mention.message_id = p_message.id
    and mention.target_id <> all (people || role_ids || channel_ids);
  if cardinality(people) + cardinality(role_ids) + cardinality(channel_ids) = 0 then
    return;
  end if;

  select channel.group_id into home from groups.channels as channel where channel.id = p_message.channel_id;
  -- Whoever is leaving waits, and then takes along what is written here about them.
  perform
  from groups.group_members as member
  where member.group_id = home and member.user_id = any (people)
  order by member.user_id
  for key share;
  insert into groups.message_mentions (channel_id, message_id, user_id, role_id, mentioned_channel_id)
  select p_message.channel_id, p_message.id, target.user_id, target.role_id, target.mentioned_channel_id
  from (
    select member.user_id, null::uuid as role_id, null::uuid as mentioned_channel_id
    from groups.group_members as member
    where member.group_id = home
      and member.user_id = any (people)
      and member.user_id is distinct from p_message.sender_id
      and groups.permissions_of(home, member.user_id, p_message.channel_id) & 1024 <> 0
    union all
    select null, role.id, null
    from groups.roles as role
    where role.group_id = home
      and role.id = any (role_ids)
      and not role.is_default
      and (role.mentionable or p_held & 131072 <> 0)
    union all
    select null, null, channel.id
    from groups.channels as channel
    where channel.group_id = home
      and channel.id = any (channel_ids)
      and (
        p_message.sender_id is null
        or groups.permissions_of(home, p_message.sender_id, channel.id) & 1024 <> 0
      )
  ) as target
  on conflict do nothing;
end
$$;

comment on function groups.write_mentions(groups.channel_messages, bigint) is
  'Internal. Writes down whom and what a message mentions, and forgets what it mentions no more: members who can view the channel, the sender aside; roles that anybody may mention, or any with MENTION_EVERYONE; channels of the group that the sender can view. Refuses more than 50 (channel_message.too_many_mentions). The caller holds the lock of the channel.';

revoke all on function groups.write_mentions(groups.channel_messages, bigint) from public;

-- Object: groups/views/role_permissions.sql
create or replace view groups.role_permissions
with (security_invoker = true)
as
select role.id as role_id, role.group_id, known.bit, known.key
from groups.roles as role
join groups.permission_bits as known on role.permissions & (1::bigint << known.bit) <> 0;

comment on view groups.role_permissions is
  E'@name role_permission\n@primaryKey role_id,bit\n@foreignKey (role_id) references groups.roles (id)\n@foreignKey (bit) references groups.permission_bits (bit)\nThe permissions that a role grants, one row a bit. The policies of groups.roles hold. Ask with a role_id.';
comment on column groups.role_permissions.role_id is 'The role.';
comment on column groups.role_permissions.group_id is 'Its group.';
comment on column groups.role_permissions.bit is 'Number of the bit.';
comment on column groups.role_permissions.key is 'Its symbolic name.';

-- Object: groups/triggers/channel_categories.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on groups.channel_categories
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.channel_categories is 'Keeps updated_at.';

-- Object: groups/triggers/channel_messages.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on groups.channel_messages
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.channel_messages is 'Keeps updated_at.';

-- Object: groups/triggers/channel_permission_overrides.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on groups.channel_permission_overrides
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.channel_permission_overrides is 'Keeps updated_at.';

-- Object: groups/triggers/channels.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on groups.channels
for each row
when (
  -- Positions change with every message; they are not a change of the channel.
  (old.last_seq, old.last_message_id, old.last_message_at, old.last_pin_at)
  is not distinct from (new.last_seq, new.last_message_id, new.last_message_at, new.last_pin_at)
)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.channels is 'Keeps updated_at; a change of counters alone does not count.';

-- Object: groups/triggers/custom_emojis.mark_attached.sql
create or replace trigger mark_attached
after insert on groups.custom_emojis
referencing new table as added
for each statement
execute function groups.mark_uploads_attached();

comment on trigger mark_attached on groups.custom_emojis is 'Keeps uploads.attached_at.';

-- Object: groups/triggers/group_member_roles.refuse_default_role.sql
create or replace trigger refuse_default_role
before insert or update of role_id on groups.group_member_roles
for each row
execute function groups.refuse_default_role();

comment on trigger refuse_default_role on groups.group_member_roles is 'The default role is held without being assigned.';

-- Object: groups/triggers/group_members.count_delete.sql
create or replace trigger count_delete
after delete on groups.group_members
referencing old table as changed
for each statement
execute function groups.count_members();

comment on trigger count_delete on groups.group_members is 'Keeps groups.member_count and groups.premium_subscription_count.';

-- Object: groups/triggers/group_members.count_insert.sql
create or replace trigger count_insert
after insert on groups.group_members
referencing new table as changed
for each statement
execute function groups.count_members();

comment on trigger count_insert on groups.group_members is 'Keeps groups.member_count and groups.premium_subscription_count.';

-- Object: groups/triggers/group_members.count_update.sql
create or replace trigger count_update
after update on groups.group_members
referencing old table as before new table as after
for each statement
execute function groups.count_members();

comment on trigger count_update on groups.group_members is 'Keeps groups.premium_subscription_count.';

-- Object: groups/triggers/group_members.end_membership.sql
create or replace trigger end_membership
after delete on groups.group_members
referencing old table as gone
for each statement
execute function groups.end_membership();

comment on trigger end_membership on groups.group_members is 'Ends voice sessions, and forgets what was followed and read.';

-- Object: groups/triggers/group_members.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on groups.group_members
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.group_members is 'Keeps updated_at.';

-- Object: groups/triggers/group_settings.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on groups.group_settings
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.group_settings is 'Keeps updated_at.';

-- Object: groups/triggers/groups.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on groups.groups
for each row
when (
  -- Counters change with every member; they are not a change of the group.
  (old.member_count, old.premium_subscription_count)
  is not distinct from (new.member_count, new.premium_subscription_count)
)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.groups is 'Keeps updated_at; a change of counters alone does not count.';

-- Object: groups/triggers/message_attachments.mark_attached.sql
create or replace trigger mark_attached
after insert on groups.message_attachments
referencing new table as added
for each statement
execute function groups.mark_uploads_attached();

comment on trigger mark_attached on groups.message_attachments is 'Keeps uploads.attached_at.';

-- Object: groups/triggers/message_mentions.count_delete.sql
create or replace trigger count_delete
after delete on groups.message_mentions
referencing old table as changed
for each statement
execute function groups.count_mentions();

comment on trigger count_delete on groups.message_mentions is 'Keeps channel_reads.mention_count.';

-- Object: groups/triggers/message_mentions.count_insert.sql
create or replace trigger count_insert
after insert on groups.message_mentions
referencing new table as changed
for each statement
execute function groups.count_mentions();

comment on trigger count_insert on groups.message_mentions is 'Keeps channel_reads.mention_count.';

-- Object: groups/triggers/roles.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on groups.roles
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.roles is 'Keeps updated_at.';

-- Object: groups/triggers/threads.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on groups.threads
for each row
when (
  -- The count changes with every message; it is not a change of the thread.
  (old.message_count)
  is not distinct from (new.message_count)
)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.threads is 'Keeps updated_at; a change of counters alone does not count.';

-- Object: groups/triggers/users.join_lobbies.sql
create or replace trigger join_lobbies
after insert on core.users
referencing new table as added
for each statement
execute function groups.join_lobbies();

comment on trigger join_lobbies on core.users is 'New accounts become members of the groups with auto_join.';

-- Object: groups/triggers/webhooks.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on groups.webhooks
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.webhooks is 'Keeps updated_at.';

-- Object: groups/policies/bans.sql
revoke all on groups.bans from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.bans to stoa_member;

drop policy if exists own on groups.bans;
create policy own on groups.bans
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on groups.bans is 'Banned people read their own bans.';

drop policy if exists managed on groups.bans;
create policy managed on groups.bans
for select
to stoa_member
using (group_id = any (array(select groups.my_banning_group_ids())));

comment on policy managed on groups.bans is 'Whoever may ban in a group reads its bans.';

drop policy if exists staff on groups.bans;
create policy staff on groups.bans
for select
to stoa_moderator
using (true);

comment on policy staff on groups.bans is 'Staff of the platform reads all.';

-- Object: groups/policies/channel_categories.sql
revoke all on groups.channel_categories from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.channel_categories to stoa_anonymous;

drop policy if exists members on groups.channel_categories;
create policy members on groups.channel_categories
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.channel_categories is 'Members read what belongs to their groups.';

drop policy if exists open on groups.channel_categories;
create policy open on groups.channel_categories
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.groups as home
    where home.id = channel_categories.group_id
      and home.is_public
      and home.deleted_at is null
  )
);

comment on policy open on groups.channel_categories is 'Everybody reads it of public groups: the policies of groups.groups hold inside, so not of those that banned the caller.';

drop policy if exists staff on groups.channel_categories;
create policy staff on groups.channel_categories
for select
to stoa_moderator
using (true);

comment on policy staff on groups.channel_categories is 'Staff of the platform reads all.';

-- Object: groups/policies/channel_messages.sql
revoke all on groups.channel_messages from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.channel_messages to stoa_anonymous;

drop policy if exists readable on groups.channel_messages;
create policy readable on groups.channel_messages
for select
to stoa_anonymous
using (
  deleted_at is null
  and (
    channel_id = any (array(select groups.my_readable_channel_ids()))
    or exists (
      select
      from groups.channels as thread
      where thread.id = channel_messages.channel_id
        and thread.parent_channel_id = any (array(select groups.my_readable_channel_ids()))
    )
    or channel_id = any (array(select groups.open_readable_channel_ids()))
    or exists (
      select
      from groups.channels as thread
      where thread.id = channel_messages.channel_id
        and thread.parent_channel_id = any (array(select groups.open_readable_channel_ids()))
    )
  )
);

comment on policy readable on groups.channel_messages is 'Everybody reads the messages of the channels that they may read, and of their threads. Those of public groups come last: whoever reads in their own groups never has them worked out.';

drop policy if exists public_for_moderators on groups.channel_messages;
create policy public_for_moderators on groups.channel_messages
for select
to stoa_moderator
using (
  exists (
    select
    from groups.channels as channel
    join groups.groups as home on home.id = channel.group_id
    where channel.id = channel_messages.channel_id
      and home.is_public
  )
);

comment on policy public_for_moderators on groups.channel_messages is 'Moderators of the platform read every message of public groups, deleted ones too; of other groups only what a report opens to them.';

drop policy if exists all_for_admins on groups.channel_messages;
create policy all_for_admins on groups.channel_messages
for select
to stoa_admin
using (true);

comment on policy all_for_admins on groups.channel_messages is 'Administrators of the platform read every message.';

-- Object: groups/policies/channel_permission_overrides.sql
revoke all on groups.channel_permission_overrides from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.channel_permission_overrides to stoa_member;

drop policy if exists of_channels on groups.channel_permission_overrides;
create policy of_channels on groups.channel_permission_overrides
for select
to stoa_member
using (channel_id = any (array(select groups.my_visible_channel_ids())));

comment on policy of_channels on groups.channel_permission_overrides is 'Members read the overrides of the channels that they may view.';

drop policy if exists of_headings on groups.channel_permission_overrides;
create policy of_headings on groups.channel_permission_overrides
for select
to stoa_member
using (
  category_id is not null
  and group_id = any (array(select groups.my_group_ids()))
);

comment on policy of_headings on groups.channel_permission_overrides is 'Members read the overrides of the headings of their groups.';

drop policy if exists staff on groups.channel_permission_overrides;
create policy staff on groups.channel_permission_overrides
for select
to stoa_moderator
using (true);

comment on policy staff on groups.channel_permission_overrides is 'Staff of the platform reads all.';

-- Object: groups/policies/channel_reads.sql
revoke all on groups.channel_reads from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.channel_reads to stoa_member;

drop policy if exists own on groups.channel_reads;
create policy own on groups.channel_reads
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on groups.channel_reads is 'Members read their own.';

-- Object: groups/policies/channels.sql
revoke all on groups.channels from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.channels to stoa_anonymous;

drop policy if exists visible on groups.channels;
create policy visible on groups.channels
for select
to stoa_anonymous
using (
  deleted_at is null
  and (
    id = any (array(select groups.my_visible_channel_ids()))
    or parent_channel_id = any (array(select groups.my_visible_channel_ids()))
    or id = any (array(select groups.open_visible_channel_ids()))
    or parent_channel_id = any (array(select groups.open_visible_channel_ids()))
  )
);

comment on policy visible on groups.channels is 'Everybody reads the channels that they may view, and their threads. Those of public groups come last: whoever reads in their own groups never has them worked out.';

drop policy if exists staff on groups.channels;
create policy staff on groups.channels
for select
to stoa_moderator
using (true);

comment on policy staff on groups.channels is 'Staff of the platform reads every channel, deleted ones too; not what is written there.';

-- Object: groups/policies/custom_emojis.sql
revoke all on groups.custom_emojis from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.custom_emojis to stoa_anonymous;

drop policy if exists members on groups.custom_emojis;
create policy members on groups.custom_emojis
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.custom_emojis is 'Members read what belongs to their groups.';

drop policy if exists open on groups.custom_emojis;
create policy open on groups.custom_emojis
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.groups as home
    where home.id = custom_emojis.group_id
      and home.is_public
      and home.deleted_at is null
  )
);

comment on policy open on groups.custom_emojis is 'Everybody reads it of public groups: the policies of groups.groups hold inside, so not of those that banned the caller.';

drop policy if exists staff on groups.custom_emojis;
create policy staff on groups.custom_emojis
for select
to stoa_moderator
using (true);

comment on policy staff on groups.custom_emojis is 'Staff of the platform reads all.';

-- Object: groups/policies/group_member_roles.sql
revoke all on groups.group_member_roles from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.group_member_roles to stoa_member;

drop policy if exists members on groups.group_member_roles;
create policy members on groups.group_member_roles
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.group_member_roles is 'Members read what belongs to their groups.';

drop policy if exists staff on groups.group_member_roles;
create policy staff on groups.group_member_roles
for select
to stoa_moderator
using (true);

comment on policy staff on groups.group_member_roles is 'Staff of the platform reads all.';

-- Object: groups/policies/group_members.sql
revoke all on groups.group_members from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.group_members to stoa_member;

drop policy if exists members on groups.group_members;
create policy members on groups.group_members
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.group_members is 'Members read who belongs to their groups, themselves among them. One condition and no other beside it: with a second arm, a page of the roster would be sorted out of the whole group.';

drop policy if exists staff on groups.group_members;
create policy staff on groups.group_members
for select
to stoa_moderator
using (true);

comment on policy staff on groups.group_members is 'Staff of the platform reads every membership.';

-- Object: groups/policies/group_settings.sql
revoke all on groups.group_settings from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.group_settings to stoa_member;

drop policy if exists members on groups.group_settings;
create policy members on groups.group_settings
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.group_settings is 'Members read what belongs to their groups.';

drop policy if exists staff on groups.group_settings;
create policy staff on groups.group_settings
for select
to stoa_moderator
using (true);

comment on policy staff on groups.group_settings is 'Staff of the platform reads all.';

-- Object: groups/policies/groups.sql
revoke all on groups.groups from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.groups to stoa_anonymous;

drop policy if exists public on groups.groups;
create policy public on groups.groups
for select
to stoa_anonymous
using (
  is_public
  and deleted_at is null
  and id <> all (array(select groups.my_banned_group_ids()))
);

comment on policy public on groups.groups is 'Everybody reads public groups, except those that banned them.';

drop policy if exists members on groups.groups;
create policy members on groups.groups
for select
to stoa_member
using (id = any (array(select groups.my_group_ids())));

comment on policy members on groups.groups is 'Members read their groups.';

drop policy if exists own_deleted on groups.groups;
create policy own_deleted on groups.groups
for select
to stoa_member
using (
  owner_id = (select core.current_user_id())
  and deleted_at > now() - interval '30 days'
);

comment on policy own_deleted on groups.groups is 'Owners read their deleted groups for the 30 days in which they can be restored.';

drop policy if exists staff on groups.groups;
create policy staff on groups.groups
for select
to stoa_moderator
using (true);

comment on policy staff on groups.groups is 'Staff of the platform reads every group, deleted ones too.';

-- Object: groups/policies/invites.sql
revoke all on groups.invites from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.invites to stoa_member;

drop policy if exists own on groups.invites;
create policy own on groups.invites
for select
to stoa_member
using (created_by = (select core.current_user_id()));

comment on policy own on groups.invites is 'Members read the invitations that they made.';

drop policy if exists managed on groups.invites;
create policy managed on groups.invites
for select
to stoa_member
using (group_id = any (array(select groups.my_managed_group_ids())));

comment on policy managed on groups.invites is 'Whoever manages a group reads its invitations.';

drop policy if exists staff on groups.invites;
create policy staff on groups.invites
for select
to stoa_moderator
using (true);

comment on policy staff on groups.invites is 'Staff of the platform reads all.';

-- Object: groups/policies/message_attachments.sql
revoke all on groups.message_attachments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.message_attachments to stoa_anonymous;

drop policy if exists as_message on groups.message_attachments;
create policy as_message on groups.message_attachments
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.channel_messages as message
    where message.channel_id = message_attachments.channel_id
      and message.id = message_attachments.message_id
  )
);

comment on policy as_message on groups.message_attachments is 'Whoever may read a message reads this of it: the policies of groups.channel_messages hold inside.';

-- Object: groups/policies/message_mentions.sql
revoke all on groups.message_mentions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.message_mentions to stoa_member;

drop policy if exists as_message on groups.message_mentions;
create policy as_message on groups.message_mentions
for select
to stoa_member
using (
  exists (
    select
    from groups.channel_messages as message
    where message.channel_id = message_mentions.channel_id
      and message.id = message_mentions.message_id
  )
);

comment on policy as_message on groups.message_mentions is 'Whoever may read a message reads this of it: the policies of groups.channel_messages hold inside.';

-- Object: groups/policies/message_reactions.sql
revoke all on groups.message_reactions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.message_reactions to stoa_anonymous;

drop policy if exists as_message on groups.message_reactions;
create policy as_message on groups.message_reactions
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.channel_messages as message
    where message.channel_id = message_reactions.channel_id
      and message.id = message_reactions.message_id
  )
);

comment on policy as_message on groups.message_reactions is 'Whoever may read a message reads this of it: the policies of groups.channel_messages hold inside.';

-- Object: groups/policies/permission_bits.sql
revoke all on groups.permission_bits from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.permission_bits to stoa_anonymous;

drop policy if exists everybody on groups.permission_bits;
create policy everybody on groups.permission_bits
for select
to stoa_anonymous
using (true);

comment on policy everybody on groups.permission_bits is 'What the bits mean is no secret.';

-- Object: groups/policies/pinned_messages.sql
revoke all on groups.pinned_messages from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.pinned_messages to stoa_anonymous;

drop policy if exists as_message on groups.pinned_messages;
create policy as_message on groups.pinned_messages
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.channel_messages as message
    where message.channel_id = pinned_messages.channel_id
      and message.id = pinned_messages.message_id
  )
);

comment on policy as_message on groups.pinned_messages is 'Whoever may read a message reads this of it: the policies of groups.channel_messages hold inside.';

-- Object: groups/policies/role_permissions.sql
-- A view: the policies of groups.roles hold, because it runs as whoever asks.
revoke all on groups.role_permissions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.role_permissions to stoa_anonymous, stoa_worker;

-- Object: groups/policies/roles.sql
revoke all on groups.roles from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.roles to stoa_anonymous;

drop policy if exists members on groups.roles;
create policy members on groups.roles
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.roles is 'Members read what belongs to their groups.';

drop policy if exists open on groups.roles;
create policy open on groups.roles
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.groups as home
    where home.id = roles.group_id
      and home.is_public
      and home.deleted_at is null
  )
);

comment on policy open on groups.roles is 'Everybody reads it of public groups: the policies of groups.groups hold inside, so not of those that banned the caller.';

drop policy if exists staff on groups.roles;
create policy staff on groups.roles
for select
to stoa_moderator
using (true);

comment on policy staff on groups.roles is 'Staff of the platform reads all.';

-- Object: groups/policies/slowmode_marks.sql
revoke all on groups.slowmode_marks from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.slowmode_marks to stoa_member;

drop policy if exists own on groups.slowmode_marks;
create policy own on groups.slowmode_marks
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on groups.slowmode_marks is 'Members read their own.';

-- Object: groups/policies/thread_members.sql
revoke all on groups.thread_members from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.thread_members to stoa_member;

drop policy if exists as_channel on groups.thread_members;
create policy as_channel on groups.thread_members
for select
to stoa_member
using (
  exists (
    select
    from groups.channels as channel
    where channel.id = thread_members.channel_id
  )
);

comment on policy as_channel on groups.thread_members is 'Whoever may view a thread reads who follows it: the policies of groups.channels hold inside.';

drop policy if exists staff on groups.thread_members;
create policy staff on groups.thread_members
for select
to stoa_moderator
using (true);

comment on policy staff on groups.thread_members is 'Staff of the platform reads all.';

-- Object: groups/policies/threads.sql
revoke all on groups.threads from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.threads to stoa_anonymous;

drop policy if exists as_channel on groups.threads;
create policy as_channel on groups.threads
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.channels as channel
    where channel.id = threads.channel_id
  )
);

comment on policy as_channel on groups.threads is 'Whoever may view the channel of a thread reads it: the policies of groups.channels hold inside.';

drop policy if exists staff on groups.threads;
create policy staff on groups.threads
for select
to stoa_moderator
using (true);

comment on policy staff on groups.threads is 'Staff of the platform reads all.';

-- Object: groups/policies/voice_sessions.sql
revoke all on groups.voice_sessions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.voice_sessions to stoa_member;

drop policy if exists own on groups.voice_sessions;
create policy own on groups.voice_sessions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on groups.voice_sessions is 'Members read where they were and are.';

drop policy if exists running on groups.voice_sessions;
create policy running on groups.voice_sessions
for select
to stoa_member
using (
  left_at is null
  and channel_id = any (array(select groups.my_visible_channel_ids()))
);

comment on policy running on groups.voice_sessions is 'Members read who is now in the voice channels that they may view.';

drop policy if exists staff on groups.voice_sessions;
create policy staff on groups.voice_sessions
for select
to stoa_moderator
using (true);

comment on policy staff on groups.voice_sessions is 'Staff of the platform reads all.';

-- Object: groups/policies/webhooks.sql
revoke all on groups.webhooks from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (id, group_id, channel_id, name, avatar_url, application_id, created_by, revoked_at, inserted_at, updated_at) on groups.webhooks to stoa_member;

drop policy if exists managed on groups.webhooks;
create policy managed on groups.webhooks
for select
to stoa_member
using (group_id = any (array(select groups.my_webhook_group_ids())));

comment on policy managed on groups.webhooks is 'Whoever manages the webhooks of a group reads them, without the digest of their secret.';

drop policy if exists staff on groups.webhooks;
create policy staff on groups.webhooks
for select
to stoa_moderator
using (true);

comment on policy staff on groups.webhooks is 'Staff of the platform reads all, without the digest of their secret.';

-- End of objects

-- Down Migration

drop policy staff on groups.webhooks;
drop policy managed on groups.webhooks;
drop policy staff on groups.voice_sessions;
drop policy running on groups.voice_sessions;
drop policy own on groups.voice_sessions;
drop policy staff on groups.threads;
drop policy as_channel on groups.threads;
drop policy staff on groups.thread_members;
drop policy as_channel on groups.thread_members;
drop policy own on groups.slowmode_marks;
drop policy staff on groups.roles;
drop policy open on groups.roles;
drop policy members on groups.roles;
drop policy as_message on groups.pinned_messages;
drop policy everybody on groups.permission_bits;
drop policy as_message on groups.message_reactions;
drop policy as_message on groups.message_mentions;
drop policy as_message on groups.message_attachments;
drop policy staff on groups.invites;
drop policy managed on groups.invites;
drop policy own on groups.invites;
drop policy staff on groups.groups;
drop policy own_deleted on groups.groups;
drop policy members on groups.groups;
drop policy public on groups.groups;
drop policy staff on groups.group_settings;
drop policy members on groups.group_settings;
drop policy staff on groups.group_members;
drop policy members on groups.group_members;
drop policy staff on groups.group_member_roles;
drop policy members on groups.group_member_roles;
drop policy staff on groups.custom_emojis;
drop policy open on groups.custom_emojis;
drop policy members on groups.custom_emojis;
drop policy staff on groups.channels;
drop policy visible on groups.channels;
drop policy own on groups.channel_reads;
drop policy staff on groups.channel_permission_overrides;
drop policy of_headings on groups.channel_permission_overrides;
drop policy of_channels on groups.channel_permission_overrides;
drop policy all_for_admins on groups.channel_messages;
drop policy public_for_moderators on groups.channel_messages;
drop policy readable on groups.channel_messages;
drop policy staff on groups.channel_categories;
drop policy open on groups.channel_categories;
drop policy members on groups.channel_categories;
drop policy staff on groups.bans;
drop policy managed on groups.bans;
drop policy own on groups.bans;
drop trigger touch_updated_at on groups.webhooks;
drop trigger join_lobbies on core.users;
drop trigger touch_updated_at on groups.threads;
drop trigger touch_updated_at on groups.roles;
drop trigger count_insert on groups.message_mentions;
drop trigger count_delete on groups.message_mentions;
drop trigger mark_attached on groups.message_attachments;
drop trigger touch_updated_at on groups.groups;
drop trigger touch_updated_at on groups.group_settings;
drop trigger touch_updated_at on groups.group_members;
drop trigger end_membership on groups.group_members;
drop trigger count_update on groups.group_members;
drop trigger count_insert on groups.group_members;
drop trigger count_delete on groups.group_members;
drop trigger refuse_default_role on groups.group_member_roles;
drop trigger mark_attached on groups.custom_emojis;
drop trigger touch_updated_at on groups.channels;
drop trigger touch_updated_at on groups.channel_permission_overrides;
drop trigger touch_updated_at on groups.channel_messages;
drop trigger touch_updated_at on groups.channel_categories;
drop view groups.role_permissions;
drop function groups.write_mentions(groups.channel_messages, bigint);
drop function groups.writable_channel(uuid);
drop function groups.voice_heartbeats(uuid[]);
drop function groups.voice_heartbeat(uuid);
drop function groups.visible_channel(uuid);
drop function groups.update_settings(uuid, jsonb);
drop function groups.update_role(uuid, jsonb);
drop function groups.update_group(uuid, jsonb);
drop function groups.update_channel(uuid, jsonb);
drop function groups.update_category(uuid, text);
drop function groups.unread_after(uuid, bigint, bigint, timestamptz);
drop function groups.unread(uuid);
drop function groups.unreact(uuid, uuid, text);
drop function groups.unpin(uuid, uuid);
drop function groups.unban(uuid, uuid);
drop function groups.unassign_role(uuid, uuid, uuid);
drop function groups.unarchive(uuid);
drop function groups.transfer_ownership(uuid, uuid);
drop function groups.time_out(uuid, uuid, timestamptz, text);
drop function groups.tell_mentioned(groups.channel_messages, groups.channels);
drop function groups.start_thread(uuid, text, uuid, integer);
drop function groups.set_voice_state(boolean, boolean, boolean, boolean);
drop function groups.set_override(uuid, uuid, uuid, uuid, bigint, bigint);
drop function groups.set_nickname(uuid, text, uuid);
drop function groups.set_channel_notifications(uuid, text, timestamptz);
drop function groups.server_mute(uuid, uuid, boolean, boolean);
drop function groups.send_channel_message(uuid, text, uuid, uuid[], boolean, text);
drop function groups.search(text, uuid, uuid, uuid, timestamptz, uuid, integer);
drop function groups.revoke_webhook(uuid);
drop function groups.revoke_invite(text);
drop function groups.restore_group(uuid);
drop function groups.restore_channel_message(uuid, uuid);
drop function groups.require_permission(uuid, text);
drop function groups.require_membership(uuid, uuid);
drop function groups.require_above(uuid, uuid);
drop function groups.repair_counters(uuid[]);
drop function groups.reorder_roles(uuid, uuid[]);
drop function groups.reorder_channels(uuid, uuid[]);
drop function groups.reorder_categories(uuid, uuid[]);
drop function groups.rename_thread(uuid, text);
drop function groups.refuse_default_role();
drop function groups.reaction_counts(uuid, uuid[]);
drop function groups.react(uuid, uuid, text);
drop function groups.preview_invite(text);
drop function groups.post_webhook(text, text);
drop function groups.pins(uuid);
drop function groups.pin(uuid, uuid);
drop function groups.permitted_channel(uuid, text);
drop function groups.permissions_of(uuid, uuid, uuid);
drop function groups.permission(text);
drop function groups.patch_images(jsonb, jsonb, jsonb);
drop function groups.pass_screening(uuid);
drop function groups.page_size(integer);
drop function groups.override_target(uuid, uuid, uuid, uuid);
drop function groups.overridden(bigint, bigint, bigint, bigint, bigint, bigint, bigint);
drop function groups.open_visible_channel_ids();
drop function groups.open_readable_channel_ids();
drop function groups.notify_mentions(uuid, uuid, uuid, integer);
drop function groups.next_id(uuid);
drop function groups.my_webhook_group_ids();
drop function groups.my_visible_channel_ids();
drop function groups.my_readable_channel_ids();
drop function groups.my_permissions(uuid, uuid);
drop function groups.my_managed_group_ids();
drop function groups.my_group_ids_with(text);
drop function groups.my_group_ids();
drop function groups.my_banning_group_ids();
drop function groups.my_banned_group_ids();
drop function groups.mentioned_ids(text, text);
drop function groups.mark_uploads_attached();
drop function groups.managed_webhook(uuid);
drop function groups.managed_role(uuid);
drop function groups.managed_channel(uuid, text);
drop function groups.managed_category(uuid);
drop function groups.locked_thread(uuid, boolean);
drop function groups.locked_message(uuid, uuid);
drop function groups.locked_group(uuid);
drop function groups.lock_thread(uuid, boolean);
drop function groups.leave_voice();
drop function groups.leave_thread(uuid);
drop function groups.leave_group(uuid);
drop function groups.known_group(uuid);
drop function groups.kick(uuid, uuid, text);
drop function groups.join_voice(uuid);
drop function groups.join_thread(uuid);
drop function groups.join_public(uuid);
drop function groups.join_lobbies();
drop function groups.join_by_code(text);
drop function groups.is_silenced(uuid, uuid);
drop function groups.is_open_to_visitors();
drop function groups.is_banned(uuid, uuid);
drop function groups.invite_code();
drop function groups.in_force(bigint, boolean, boolean, boolean);
drop function groups.highest_position(uuid, uuid);
drop function groups.has_second_factor(uuid);
drop function groups.groups_my_permissions(groups.groups);
drop function groups.groups_due_for_repair(timestamptz, integer);
drop function groups.group_members_permissions(groups.group_members);
drop function groups.feed(uuid, uuid, uuid, integer);
drop function groups.every_permission();
drop function groups.end_membership();
drop function groups.edit_channel_message(uuid, uuid, text);
drop function groups.discover(text, uuid, integer);
drop function groups.disconnect_member(uuid, uuid);
drop function groups.delete_webhook(uuid);
drop function groups.delete_role(uuid);
drop function groups.delete_group(uuid);
drop function groups.delete_emoji(uuid);
drop function groups.delete_channel_message(uuid, uuid, text);
drop function groups.delete_channel(uuid);
drop function groups.delete_category(uuid);
drop function groups.create_webhook(uuid, text, text);
drop function groups.create_role(uuid, text, bigint, integer, boolean, boolean);
drop function groups.create_invite(uuid, uuid, integer, interval);
drop function groups.create_group(text, boolean, text);
drop function groups.create_emoji(uuid, text, uuid);
drop function groups.create_channel(uuid, text, text, uuid, text, boolean);
drop function groups.create_category(uuid, text);
drop function groups.count_mentions();
drop function groups.count_members();
drop function groups.close_stale_voice_sessions(timestamptz);
drop function groups.clear_reactions(uuid, uuid, text);
drop function groups.clear_override(uuid, uuid, uuid, uuid);
drop function groups.clean_url(text);
drop function groups.check_slow_mode(uuid, uuid, integer);
drop function groups.check_second_factor(uuid);
drop function groups.check_role_bits(bigint, bigint, bigint);
drop function groups.check_patch_types(jsonb, text[], text[], text[], text[]);
drop function groups.check_owned_limit(uuid);
drop function groups.check_order(uuid[], uuid[]);
drop function groups.check_emoji(uuid, uuid, text);
drop function groups.check_category(uuid, uuid);
drop function groups.chat_to_archive(timestamptz);
drop function groups.channels_unread_count(groups.channels);
drop function groups.channels_my_permissions(groups.channels);
drop function groups.channel_permissions_of_caller(boolean, uuid);
drop function groups.can_in_group(uuid, text);
drop function groups.can(uuid, text);
drop function groups.caller_id();
drop function groups.bulk_delete(uuid, uuid[], text);
drop function groups.ban(uuid, uuid, text, timestamptz, integer);
drop function groups.audit_log(uuid, uuid, integer);
drop function groups.attach_uploads(groups.channel_messages, uuid[]);
drop function groups.assignable_role(uuid, uuid, uuid);
drop function groups.assign_role(uuid, uuid, uuid);
drop function groups.archive_thread(uuid);
drop function groups.archive_idle_threads(timestamptz, integer);
drop function groups.archive_chat(uuid, timestamptz, timestamptz, integer);
drop function groups.append_message(uuid, text, uuid, uuid, text, uuid, boolean, boolean, jsonb);
drop function groups.admit(uuid, uuid, uuid);
drop function groups.add_to_counts(uuid[], integer[], integer[]);
drop function groups.ack(uuid, uuid);
revoke all on table groups.bans from stoa_member;
revoke all on table groups.channel_categories from stoa_anonymous;
revoke all on table groups.channel_messages from stoa_anonymous;
revoke all on table groups.channel_permission_overrides from stoa_member;
revoke all on table groups.channel_reads from stoa_member;
revoke all on table groups.channels from stoa_anonymous;
revoke all on table groups.custom_emojis from stoa_anonymous;
revoke all on table groups.group_member_roles from stoa_member;
revoke all on table groups.group_members from stoa_member;
revoke all on table groups.group_settings from stoa_member;
revoke all on table groups.groups from stoa_anonymous;
revoke all on table groups.invites from stoa_member;
revoke all on table groups.message_attachments from stoa_anonymous;
revoke all on table groups.message_mentions from stoa_member;
revoke all on table groups.message_reactions from stoa_anonymous;
revoke all on table groups.permission_bits from stoa_anonymous;
revoke all on table groups.pinned_messages from stoa_anonymous;
revoke all on table groups.roles from stoa_anonymous;
revoke all on table groups.slowmode_marks from stoa_member;
revoke all on table groups.thread_members from stoa_member;
revoke all on table groups.threads from stoa_anonymous;
revoke all on table groups.voice_sessions from stoa_member;
revoke all on table groups.webhooks from stoa_member;
