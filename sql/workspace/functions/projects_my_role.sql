create or replace function workspace.projects_my_role(p_project workspace.projects)
returns text
language plpgsql
stable
-- Visitors may not read memberships; it tells only the caller's own.
security definer
set search_path = ''
as $$
begin
  return workspace.project_role(p_project.id);
end
$$;

comment on function workspace.projects_my_role(workspace.projects) is
  'What the caller may do in the project: owner, maintainer, member or viewer; null for somebody who only reads it.';

revoke all on function workspace.projects_my_role(workspace.projects) from public;
grant execute on function workspace.projects_my_role(workspace.projects) to stoa_anonymous;
