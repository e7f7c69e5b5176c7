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
