create or replace function workspace.workable_project(p_project_id uuid, p_unknown text default 'project.unknown', p_is_shared boolean default false)
returns workspace.projects
language plpgsql
volatile
set search_path = ''
as $$
declare
  project workspace.projects;
begin
  perform core.require_unrestricted('posting');
  project := workspace.locked_project(p_project_id, 'member', p_unknown, p_is_shared);
  if project.status = 'archived' then
    perform core.fail('project.archived');
  end if;
  return project;
end
$$;

comment on function workspace.workable_project(uuid, text, boolean) is
  'Internal. A live project, locked, whose tasks and pages the caller may change. Refuses somebody barred from posting (account.activity_barred), what workspace.locked_project refuses to less than a member, and an archived project (project.archived).';

revoke all on function workspace.workable_project(uuid, text, boolean) from public;
