create or replace function workspace.check_given_role(p_project_id uuid, p_role text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_role is null or p_role not in ('maintainer', 'member', 'viewer') then
    perform core.fail('project_member.role_invalid');
  end if;
  if p_role = 'maintainer' and workspace.project_role(p_project_id) <> 'owner' then
    perform core.fail('project.not_allowed');
  end if;
end
$$;

comment on function workspace.check_given_role(uuid, text) is
  'Internal. Lets the caller give a role: refuses what cannot be given (project_member.role_invalid), and maintainer to anybody but the owner (project.not_allowed).';

revoke all on function workspace.check_given_role(uuid, text) from public;
