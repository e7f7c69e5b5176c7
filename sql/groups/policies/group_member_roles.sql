revoke all on groups.group_member_roles from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.group_member_roles to stoa_member;

drop policy if exists members on groups.group_member_roles;
create policy members on groups.group_member_roles
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.group_member_roles is 'Members read what belongs to their groups.';

drop policy if exists staff on groups.group_member_roles;
create policy staff on groups.group_member_roles
for select
to stoa_moderator
using (true);

comment on policy staff on groups.group_member_roles is 'Staff of the platform reads all.';
