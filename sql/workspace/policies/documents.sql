revoke all on workspace.documents from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on workspace.documents to stoa_anonymous;

drop policy if exists as_project on workspace.documents;
create policy as_project on workspace.documents
for select
to stoa_anonymous
-- A case, because the planner takes one for true half of the time: with the bare comparisons it expects next to nothing
-- to pass, and sorts a whole project for one page of it.
using (
  deleted_at is null
  and case
    when project_id = any (array(select workspace.my_project_ids())) then true
    -- Not "exists": the planner would read all public projects to hash them.
    else 'public' = (
      select project.visibility
      from workspace.projects as project
      where project.id = documents.project_id
        and project.deleted_at is null
    )
  end
);

comment on policy as_project on workspace.documents is 'Whoever may read a project reads its live pages. Public projects come last, by a look-up: whoever reads in their own never has it made.';

drop policy if exists maintained on workspace.documents;
create policy maintained on workspace.documents
for select
to stoa_member
using (
  -- A case, so that live rows never have the list made.
  case
    when deleted_at > now() - interval '30 days'
      then project_id = any (array(select workspace.my_maintained_project_ids()))
    else false
  end
);

comment on policy maintained on workspace.documents is 'Owners and maintainers read the deleted pages of their projects for the 30 days in which they can be restored.';

drop policy if exists staff on workspace.documents;
create policy staff on workspace.documents
for select
to stoa_moderator
using (true);

comment on policy staff on workspace.documents is 'Staff of the platform reads every page, deleted ones too.';
