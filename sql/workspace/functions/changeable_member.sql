create or replace function workspace.changeable_member(p_project_id uuid, p_user_id uuid)
returns workspace.project_members
language plpgsql
volatile
set search_path = ''
as $$
declare
  member workspace.project_members;
begin
  select * into member
  from workspace.project_members as known
  where known.project_id = p_project_id and known.user_id = p_user_id
  for update;
  if not found then
    perform core.fail('project_member.unknown');
  end if;
  if member.role = 'owner' then
    perform core.fail('project.owner_stays');
  end if;
  if member.role = 'maintainer'
    and member.user_id <> core.current_user_id()
    and workspace.project_role(p_project_id) <> 'owner'
  then
    perform core.fail('project.not_allowed');
  end if;
  return member;
end
$$;

comment on function workspace.changeable_member(uuid, uuid) is
  'Internal. A membership that the caller, at least a maintainer or the person themselves, may change or end; locked, after the project. Refuses project_member.unknown, the owner''s (project.owner_stays), and that of a maintainer unless the caller is the owner or that person (project.not_allowed).';

revoke all on function workspace.changeable_member(uuid, uuid) from public;
