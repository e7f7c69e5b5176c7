create or replace function workspace.check_project(p_project workspace.projects)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_project.key !~ '^[A-Z][A-Z0-9]{1,9}$' then
    perform core.fail('project.key_invalid');
  end if;
  if p_project.status is null or p_project.status not in ('planned', 'active', 'paused', 'completed', 'archived') then
    perform core.fail('project.status_invalid');
  end if;
  if p_project.visibility is null
    or p_project.visibility not in ('members', 'group', 'public')
    or (p_project.visibility = 'group' and p_project.group_id is null)
  then
    perform core.fail('project.visibility_invalid');
  end if;
  if not isfinite(p_project.starts_on) or not isfinite(p_project.due_on) or p_project.due_on < p_project.starts_on then
    perform core.fail('project.dates_invalid');
  end if;
end
$$;

comment on function workspace.check_project(workspace.projects) is
  'Internal. Refuses what a project cannot be: project.key_invalid, project.status_invalid, project.visibility_invalid, project.dates_invalid.';

revoke all on function workspace.check_project(workspace.projects) from public;
