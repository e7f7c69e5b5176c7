revoke all on workspace.project_members from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on workspace.project_members to stoa_member;

drop policy if exists as_project on workspace.project_members;
create policy as_project on workspace.project_members
for select
to stoa_member
-- A case, because the planner takes one for true half of the time; see the policy of the tasks.
using (
  case
    when project_id = any (array(select workspace.my_project_ids())) then true
    else 'public' = (
      select project.visibility
      from workspace.projects as project
      where project.id = project_members.project_id
        and project.deleted_at is null
    )
  end
);

comment on policy as_project on workspace.project_members is 'Members read who takes part in the projects that they read. Public projects come last, by a look-up: whoever reads in their own never has it made.';

drop policy if exists staff on workspace.project_members;
create policy staff on workspace.project_members
for select
to stoa_moderator
using (true);

comment on policy staff on workspace.project_members is 'Staff of the platform reads every membership.';
