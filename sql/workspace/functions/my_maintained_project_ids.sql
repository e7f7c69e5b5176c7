create or replace function workspace.my_maintained_project_ids()
returns setof uuid
language sql
stable
rows 10
-- Policies ask this.
security definer
set search_path = ''
as $$
select member.project_id
from workspace.project_members as member
join workspace.projects as project on project.id = member.project_id
where member.user_id = groups.caller_id()
  and member.role in ('owner', 'maintainer')
  and project.deleted_at is null
$$;

comment on function workspace.my_maintained_project_ids() is
  E'@internal\nThe live projects of which the caller is owner or maintainer, for policies. One index range.';

revoke all on function workspace.my_maintained_project_ids() from public;
grant execute on function workspace.my_maintained_project_ids() to stoa_anonymous;
