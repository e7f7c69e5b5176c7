create or replace function workspace.readable_project(p_project_id uuid, p_unknown text default 'project.unknown')
returns workspace.projects
language plpgsql
stable
set search_path = ''
as $$
declare
  project workspace.projects;
begin
  select * into project from workspace.projects as target where target.id = p_project_id;
  if project.id is null or not workspace.is_readable(project) then
    perform core.fail(p_unknown);
  end if;
  return project;
end
$$;

comment on function workspace.readable_project(uuid, text) is
  'Internal. A live project that the caller may read. Refuses others with project.unknown, or the code that is given.';

revoke all on function workspace.readable_project(uuid, text) from public;
