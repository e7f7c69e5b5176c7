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
