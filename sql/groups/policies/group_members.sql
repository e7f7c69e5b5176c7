revoke all on groups.group_members from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.group_members to stoa_member;

drop policy if exists members on groups.group_members;
create policy members on groups.group_members
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.group_members is 'Members read who belongs to their groups, themselves among them. One condition and no other beside it: with a second arm, a page of the roster would be sorted out of the whole group.';

drop policy if exists staff on groups.group_members;
create policy staff on groups.group_members
for select
to stoa_moderator
using (true);

comment on policy staff on groups.group_members is 'Staff of the platform reads every membership.';
