revoke all on insight.group_policies from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on insight.group_policies to stoa_member;

drop policy if exists members on insight.group_policies;
create policy members on insight.group_policies
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on insight.group_policies is 'Members read what their groups let models do with what they write.';

drop policy if exists staff on insight.group_policies;
create policy staff on insight.group_policies
for select
to stoa_moderator
using (true);

comment on policy staff on insight.group_policies is 'Staff of the platform reads all.';
