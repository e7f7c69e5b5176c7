revoke all on workspace.projects from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on workspace.projects to stoa_anonymous;

drop policy if exists public on workspace.projects;
create policy public on workspace.projects
for select
to stoa_anonymous
using (
  visibility = 'public'
  and deleted_at is null
);

comment on policy public on workspace.projects is 'Everybody reads public projects.';

drop policy if exists members on workspace.projects;
create policy members on workspace.projects
for select
to stoa_member
using (id = any (array(select workspace.my_project_ids())));

comment on policy members on workspace.projects is 'Members read the projects that they take part in, and those that their groups may read.';

drop policy if exists own_deleted on workspace.projects;
create policy own_deleted on workspace.projects
for select
to stoa_member
using (
  owner_id = (select core.current_user_id())
  and deleted_at > now() - interval '30 days'
);

comment on policy own_deleted on workspace.projects is 'Owners read their deleted projects for the 30 days in which they can be restored.';

drop policy if exists staff on workspace.projects;
create policy staff on workspace.projects
for select
to stoa_moderator
using (true);

comment on policy staff on workspace.projects is 'Staff of the platform reads every project, deleted ones too.';
