create or replace function workspace.restore_project(p_project_id uuid)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  project workspace.projects;
begin
  select * into project
  from workspace.projects as target
  where target.id = p_project_id
    and (target.owner_id = me or core.current_role_rank() >= 2)
  for no key update;
  if not found then
    perform core.fail('project.unknown');
  end if;
  if project.deleted_at is null then
    return project;
  end if;
  if project.is_removed and core.current_role_rank() < 2 then
    perform core.fail('project.removed_by_staff');
  end if;
  if project.deleted_at <= now() - interval '30 days' then
    perform core.fail('project.restore_too_late');
  end if;
  update workspace.projects as target
  set deleted_at = null, is_removed = false
  where target.id = p_project_id
  returning * into project;
  perform audit.record('restore_project', 'workspace.projects', p_project_id);
  return project;
end
$$;

comment on function workspace.restore_project(uuid) is
  'Brings a deleted project back, as it was; one that is not deleted stays as it is. Its owner, or staff of the platform, within 30 days (project.restore_too_late). Refuses one that is not theirs (project.unknown) and one that staff took down (project.removed_by_staff). Audited.';

revoke all on function workspace.restore_project(uuid) from public;
grant execute on function workspace.restore_project(uuid) to stoa_member;
