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
