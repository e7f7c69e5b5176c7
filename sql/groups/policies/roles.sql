revoke all on groups.roles from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.roles to stoa_anonymous;

drop policy if exists members on groups.roles;
create policy members on groups.roles
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.roles is 'Members read what belongs to their groups.';

drop policy if exists open on groups.roles;
create policy open on groups.roles
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.groups as home
    where home.id = roles.group_id
      and home.is_public
      and home.deleted_at is null
  )
);

comment on policy open on groups.roles is 'Everybody reads it of public groups: the policies of groups.groups hold inside, so not of those that banned the caller.';

drop policy if exists staff on groups.roles;
create policy staff on groups.roles
for select
to stoa_moderator
using (true);

comment on policy staff on groups.roles is 'Staff of the platform reads all.';
