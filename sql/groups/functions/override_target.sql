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
