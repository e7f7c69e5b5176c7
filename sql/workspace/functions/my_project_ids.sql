create or replace function workspace.my_project_ids()
returns setof uuid
language sql
stable
rows 20
-- The policy of the members asks this: as the caller it would ask itself for ever.
security definer
set search_path = ''
as $$
select member.project_id
from workspace.project_members as member
join workspace.projects as project on project.id = member.project_id
where member.user_id = groups.caller_id()
  and project.deleted_at is null
union
select project.id
from workspace.projects as project
where project.group_id = any (array(select groups.my_group_ids()))
  and project.visibility = 'group'
  and project.deleted_at is null
$$;

comment on function workspace.my_project_ids() is
  E'@internal\nThe live projects that the caller takes part in, and those that their groups may read, for policies: write project_id = any (array(select workspace.my_project_ids())), which is computed once a statement. Public projects of others are not among them. Two index ranges.';

revoke all on function workspace.my_project_ids() from public;
grant execute on function workspace.my_project_ids() to stoa_anonymous;
