create or replace function workspace.project_role(p_project_id uuid)
returns text
language sql
stable
begin atomic
  select member.role
  from workspace.project_members as member
  where member.project_id = p_project_id
    and member.user_id = groups.caller_id();
end;

comment on function workspace.project_role(uuid) is
  'Internal. The role of the caller in a project; null for none. One look-up by primary key.';

revoke all on function workspace.project_role(uuid) from public;
