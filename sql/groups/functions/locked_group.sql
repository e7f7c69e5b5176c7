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
