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
