-- Why: Who reads a channel of a public group has the permissions in all public groups worked out, with a call of a function
--   for each channel; and threads asked the policy of the channels, which works the same out twice more.
-- New: groups.my_readable_thread_ids, groups.open_readable_thread_ids.
-- Changed: groups.channel_permissions_of_caller, groups.in_force, groups policies channel_messages.
-- Locks: ACCESS EXCLUSIVE, for an instant, on groups.channel_messages (policies).
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

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
    ),
    -- A step of its own: groups.in_force uses the bits more than once, and is inlined only over a plain column.
    worked as materialized (
      select
        channel.id,
        base.is_unlimited,
        base.is_member,
        base.is_restricted,
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
        ) as bits
      from base
      join groups.channels as channel on channel.group_id = base.group_id
      left join change as inherited on inherited.category_id = channel.category_id
      left join change as own on own.channel_id = channel.id
      where channel.type <> 'thread'
        and channel.deleted_at is null
    )
    select
      worked.id,
      case
        when worked.is_unlimited then groups.every_permission()
        else groups.in_force(worked.bits, worked.is_member, worked.is_restricted, true)
      end
    from worked;
end
$$;

comment on function groups.channel_permissions_of_caller(boolean, uuid) is
  'Internal. groups.permissions_of for sets: the caller''s permissions in every live channel (threads follow their parents) of the groups that the caller belongs to, or, from outside, of the public groups that the caller does not belong to and is not banned from; in all of them or in one. One statement of hashed joins over the caller''s roles and overrides.';

revoke all on function groups.channel_permissions_of_caller(boolean, uuid) from public;

-- Object: groups/functions/in_force.sql
create or replace function groups.in_force(p_bits bigint, p_is_member boolean, p_is_restricted boolean, p_in_channel boolean)
returns bigint
language sql
immutable
parallel safe
begin atomic
  -- One expression without a sub-query, so that it is inlined: for the channels of all public groups it is worked out
  -- row by row, and a call for each costs ten times the rest.
  select p_bits
    & case
      when not p_is_member then 66560
      when p_is_restricted then 1115136
      else ~0::bigint
    end
    & case
      when p_in_channel and p_bits & 1024 = 0 then 0
      when p_in_channel and p_bits & 2048 = 0 then ~1073905664::bigint
      else ~0::bigint
    end;
end;

comment on function groups.in_force(bigint, boolean, boolean, boolean) is
  'Internal. The last steps of working out permissions. From outside one can only look (VIEW_CHANNEL, READ_HISTORY); a member in a time-out or before screening can look and connect, whatever an override allows. In a channel that cannot be viewed nothing is permitted, and where one cannot write one can neither attach, call everybody nor start threads.';

revoke all on function groups.in_force(bigint, boolean, boolean, boolean) from public;

-- Object: groups/functions/my_readable_thread_ids.sql
create or replace function groups.my_readable_thread_ids()
returns setof uuid
language sql
stable
rows 100
-- The policy of the messages asks this: as the caller it would ask the policy of the channels too, and that one works
-- out the channels of the caller twice more.
security definer
set search_path = ''
as $$
select thread.id
from groups.channels as thread
where thread.parent_channel_id = any (array(select groups.my_readable_channel_ids()))
  and (thread.deleted_at is null or core.current_role_rank() >= 2)
$$;

comment on function groups.my_readable_thread_ids() is
  E'@internal\n@behavior -*\nThe threads under the channels that groups.my_readable_channel_ids gives: those that are there, for staff of the platform deleted ones too. Written into a policy as channel_id in (select groups.my_readable_thread_ids()): there may be very many, and this form looks them up in a hash.';

revoke all on function groups.my_readable_thread_ids() from public;
grant execute on function groups.my_readable_thread_ids() to stoa_anonymous;

-- Object: groups/functions/open_readable_thread_ids.sql
create or replace function groups.open_readable_thread_ids()
returns setof uuid
language sql
stable
rows 1000
-- The policy of the messages asks this: as the caller it would ask the policy of the channels too, and that one works
-- out the channels of public groups twice more.
security definer
set search_path = ''
as $$
select thread.id
from groups.channels as thread
where thread.parent_channel_id = any (array(select groups.open_readable_channel_ids()))
  and (thread.deleted_at is null or core.current_role_rank() >= 2)
$$;

comment on function groups.open_readable_thread_ids() is
  E'@internal\n@behavior -*\nThe threads under the channels that groups.open_readable_channel_ids gives: those that are there, for staff of the platform deleted ones too. Written into a policy as channel_id in (select groups.open_readable_thread_ids()): there may be very many, and this form looks them up in a hash.';

revoke all on function groups.open_readable_thread_ids() from public;
grant execute on function groups.open_readable_thread_ids() to stoa_anonymous;

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
    or channel_id in (select groups.my_readable_thread_ids())
    or channel_id = any (array(select groups.open_readable_channel_ids()))
    or channel_id in (select groups.open_readable_thread_ids())
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

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop policy all_for_admins on groups.channel_messages;
drop policy public_for_moderators on groups.channel_messages;
drop policy readable on groups.channel_messages;
drop function groups.open_readable_thread_ids();
drop function groups.my_readable_thread_ids();

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

-- End of objects
