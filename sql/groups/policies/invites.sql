revoke all on groups.invites from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.invites to stoa_member;

drop policy if exists own on groups.invites;
create policy own on groups.invites
for select
to stoa_member
using (created_by = (select core.current_user_id()));

comment on policy own on groups.invites is 'Members read the invitations that they made.';

drop policy if exists managed on groups.invites;
create policy managed on groups.invites
for select
to stoa_member
using (group_id = any (array(select groups.my_managed_group_ids())));

comment on policy managed on groups.invites is 'Whoever manages a group reads its invitations.';

drop policy if exists staff on groups.invites;
create policy staff on groups.invites
for select
to stoa_moderator
using (true);

comment on policy staff on groups.invites is 'Staff of the platform reads all.';
