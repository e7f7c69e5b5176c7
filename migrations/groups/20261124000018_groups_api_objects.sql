-- Why: how many channels hold something new, for the first screen; arguments and results have names and descriptions in the API.
-- New: groups.overviews_unread_channel_count.
-- Changed: groups.audit_log, groups.ban, groups.create_invite, groups.create_webhook, groups.delete_emoji,
--   groups.lock_thread, groups.post_webhook, groups.preview_invite, groups.reaction_counts,
--   groups.reorder_categories, groups.reorder_roles, groups.server_mute and 2 more.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

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
  E'@name group_audit_log\n@returns group_audit_entry\n@column id Identifier of the entry, by which it is paged.\n@column action What was done.\n@column actor_id Who did it.\n@column at When.\n@column new_values What it was changed to.\n@column old_values What it was before.\n@column reason Why, as they said.\n@column resource_id What it was done to.\n@column resource_type The kind of thing that it was done to.\nWhat was done in a group, the newest first: one page of at most 100 entries; before is the id of the last entry of the page before. Needs VIEW_AUDIT_LOG (group.not_allowed). Refuses group.unknown. One index range.';

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
  E'@name ban_from_group\n@argument delete_days Of how many days back the messages go too.\nBars a person, member or not, from a group until a time, or for good. They stop belonging, lose roles and overrides, leave voice, and the invitations that they made are withdrawn; with delete_days 1 to 7 their messages of that many days are deleted. A ban there already is replaced. Needs BAN_MEMBERS (group.not_allowed) and a higher rank (group.hierarchy). Refuses the caller and the owner (group_ban.protected), an end in the past (group_ban.until_past), other numbers of days (input.malformed), an unknown account (user.unknown). Limit: reason 512 characters. Audited; the person is told.';

revoke all on function groups.ban(uuid, uuid, text, timestamptz, integer) from public;
grant execute on function groups.ban(uuid, uuid, text, timestamptz, integer) to stoa_member;

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
  E'@name create_group_invite\n@argument ttl How long it can be used; left out: for ever.\nMakes an invitation code, for at most max_uses joins (1 to 1,000; none or 0 = without limit) and for a time of at most 30 days (none = for ever), landing in a channel that the caller may view. Needs CREATE_INVITE (group.not_allowed; with a channel, there: channel.not_allowed). Refuses other limits (invite.limits_invalid) and a channel of another group (channel.unknown).';

revoke all on function groups.create_invite(uuid, uuid, integer, interval) from public;
grant execute on function groups.create_invite(uuid, uuid, integer, interval) to stoa_member;

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
  E'@returns webhook_secret\n@column token The secret that it writes with. Told this once.\nMakes a webhook that writes into a text or announcement channel. The token is its secret: it is told now and never again, only its digest is kept. Needs MANAGE_WEBHOOKS there (channel.not_allowed). Refuses channel.unknown, other channels (channel.wrong_type), more than 15 webhooks in a channel (webhook.limit_reached), and a picture that is no web address (group.url_invalid). Limit: name 80 characters. Audited. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.create_webhook(uuid, text, text) from public;
grant execute on function groups.create_webhook(uuid, text, text) to stoa_member;

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
  E'@name delete_custom_emoji\n@argument emoji_id Identifier of the CustomEmoji.\nDeletes an emoji of a group, and the reactions made with it. Needs MANAGE_EMOJIS (group.not_allowed). Refuses an unknown one (custom_emoji.unknown). Audited.';

revoke all on function groups.delete_emoji(uuid) from public;
grant execute on function groups.delete_emoji(uuid) to stoa_member;

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
  E'@argument is_locked False unlocks it.\nLocks a thread, and archives it: from then on only those with MANAGE_THREADS write there or bring it back; or unlocks it. Needs MANAGE_THREADS (channel.not_allowed). Refuses channel.unknown and thread.unknown. Audited.';

revoke all on function groups.lock_thread(uuid, boolean) from public;
grant execute on function groups.lock_thread(uuid, boolean) to stoa_member;

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
  E'@name unread_channels\n@column unread_count How many messages the caller has not read there.\nThe channels of a group that hold something the caller has not read, with how much, and how many mentions of the caller; of threads, those that the caller follows. In a channel that was never opened, what came since the caller joined counts, at most 100. Refuses somebody who does not belong (group_member.unknown). Does not grow with the messages.';

revoke all on function groups.unread(uuid) from public;
grant execute on function groups.unread(uuid) to stoa_member;

-- Object: groups/functions/overviews_unread_channel_count.sql
create or replace function groups.overviews_unread_channel_count(p_overview core.overviews)
returns integer
language sql
stable
begin atomic
  select count(*)::integer
  from groups.my_group_ids() as mine (group_id)
  cross join lateral groups.unread(mine.group_id);
end;

comment on function groups.overviews_unread_channel_count(core.overviews) is
  'In how many channels and followed threads of one''s groups something is unread. As dear as unreadChannels for each of the groups.';

revoke all on function groups.overviews_unread_channel_count(core.overviews) from public;
grant execute on function groups.overviews_unread_channel_count(core.overviews) to stoa_member;

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
  E'@argument token The secret that createWebhook told.\nWrites a message as a webhook, whoever calls: the token decides. Refuses a token that is unknown or revoked (webhook.unknown), a channel that is gone (channel.unknown), more than 30 messages a minute (webhook.too_many, with the seconds to wait), an empty message (input.empty) and one over 8,000 characters (input.too_long). It calls nobody: mentions stay text.';

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
  E'@name preview_group_invite\n@returns group_invite_preview\n@column channel_name The channel that it leads to.\nWhat an invitation, or a group''s own code, leads to: name, pictures and size. Refuses a code that is unknown (invite.unknown), and one that is withdrawn, ended or used up (invite.gone).';

revoke all on function groups.preview_invite(text) from public;
grant execute on function groups.preview_invite(text) to stoa_anonymous;

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
  E'@name channel_reaction_counts\n@column count How many people reacted so.\n@column is_mine Whether the caller is one of them.\nHow often each emoji stands under messages of a channel, at most 100 messages at once, the first used first. Needs READ_HISTORY (channel.not_allowed). Refuses channel.unknown and more messages (channel_message.list_invalid). One index range a message.';

revoke all on function groups.reaction_counts(uuid, uuid[]) from public;
grant execute on function groups.reaction_counts(uuid, uuid[]) to stoa_anonymous;

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
  E'@name reorder_channel_categories\n@argument category_ids All categories of the group, in their new order.\nPuts the headings of a group into the given order: the whole list. Needs MANAGE_CHANNELS (group.not_allowed). Refuses group.order_incomplete.';

revoke all on function groups.reorder_categories(uuid, uuid[]) from public;
grant execute on function groups.reorder_categories(uuid, uuid[]) to stoa_member;

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
  E'@name reorder_group_roles\n@argument role_ids Roles of the group, the highest first.\nPuts the roles of a group into the given order, the highest first: the whole list without the default role. Needs MANAGE_ROLES (group.not_allowed). The caller''s highest role and those above it must stay where they are (group.hierarchy). Refuses a list that leaves one out, doubles one or holds another (group.order_incomplete). Audited.';

revoke all on function groups.reorder_roles(uuid, uuid[]) from public;
grant execute on function groups.reorder_roles(uuid, uuid[]) to stoa_member;

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
  E'@name server_mute_member\n@argument is_deafened Whether they hear nothing; left out: as it is.\n@argument is_muted Whether nobody hears them; left out: as it is.\nMutes or deafens a member in the voice channels of a group, now and when they come again; what is not said stays. Muting needs MUTE_MEMBERS, deafening DEAFEN_MEMBERS (group.not_allowed), both a higher rank (group.hierarchy). Refuses somebody who does not belong (group_member.unknown). Audited.';

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
  E'@argument level What one is told about.\nHow the caller wants to hear of a channel: level inherit, all, mentions or none (left as it is when not said), and nothing until a time (infinity, in the API 9999-12-31T23:59:59.999999+00:00, = for good; null ends it). Refuses channel.unknown, another level (input.malformed), and somebody who does not belong to the group (group_member.unknown).';

revoke all on function groups.set_channel_notifications(uuid, text, timestamptz) from public;
grant execute on function groups.set_channel_notifications(uuid, text, timestamptz) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function groups.overviews_unread_channel_count(core.overviews);

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

-- End of objects
