create or replace function workspace.locked_project(p_project_id uuid, p_role text, p_unknown text default 'project.unknown', p_is_shared boolean default false)
returns workspace.projects
language plpgsql
volatile
set search_path = ''
as $$
declare
  project workspace.projects;
begin
  if p_is_shared then
    perform from workspace.projects as target where target.id = p_project_id for share;
  else
    perform from workspace.projects as target where target.id = p_project_id for no key update;
  end if;
  project := workspace.readable_project(p_project_id, p_unknown);
  if coalesce(workspace.role_rank(workspace.project_role(p_project_id)), 0) < workspace.role_rank(p_role) then
    perform core.fail('project.not_allowed');
  end if;
  return project;
end
$$;

comment on function workspace.locked_project(uuid, text, text, boolean) is
  'Internal. A live project, locked, in which the caller has at least this role. First in the lock order of the module: whoever numbers, moves, nests, assigns, deletes or changes members holds it exclusively, whoever only changes a text shares it; so roles and the tree stay what was decided on. Refuses what the caller may not read (project.unknown, or the code that is given) and a lower role (project.not_allowed).';

revoke all on function workspace.locked_project(uuid, text, text, boolean) from public;
