revoke all on groups.groups from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.groups to stoa_anonymous;

drop policy if exists public on groups.groups;
create policy public on groups.groups
for select
to stoa_anonymous
using (
  is_public
  and deleted_at is null
  and id <> all (array(select groups.my_banned_group_ids()))
);

comment on policy public on groups.groups is 'Everybody reads public groups, except those that banned them.';

drop policy if exists members on groups.groups;
create policy members on groups.groups
for select
to stoa_member
using (id = any (array(select groups.my_group_ids())));

comment on policy members on groups.groups is 'Members read their groups.';

drop policy if exists own_deleted on groups.groups;
create policy own_deleted on groups.groups
for select
to stoa_member
using (
  owner_id = (select core.current_user_id())
  and deleted_at > now() - interval '30 days'
);

comment on policy own_deleted on groups.groups is 'Owners read their deleted groups for the 30 days in which they can be restored.';

drop policy if exists staff on groups.groups;
create policy staff on groups.groups
for select
to stoa_moderator
using (true);

comment on policy staff on groups.groups is 'Staff of the platform reads every group, deleted ones too.';
