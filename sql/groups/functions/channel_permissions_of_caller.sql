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
