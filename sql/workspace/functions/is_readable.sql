create or replace function workspace.is_readable(p_project workspace.projects)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return p_project.deleted_at is null
    and (
      p_project.visibility = 'public'
      or core.current_role_rank() >= 2
      or workspace.project_role(p_project.id) is not null
      or (p_project.visibility = 'group' and p_project.group_id in (select groups.my_group_ids()))
    );
end
$$;

comment on function workspace.is_readable(workspace.projects) is
  'Internal. Whether a live project may be read by the caller: the rule of its policies once more, for functions that read past them.';

revoke all on function workspace.is_readable(workspace.projects) from public;
