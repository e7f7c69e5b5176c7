revoke all on groups.bans from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.bans to stoa_member;

drop policy if exists own on groups.bans;
create policy own on groups.bans
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on groups.bans is 'Banned people read their own bans.';

drop policy if exists managed on groups.bans;
create policy managed on groups.bans
for select
to stoa_member
using (group_id = any (array(select groups.my_banning_group_ids())));

comment on policy managed on groups.bans is 'Whoever may ban in a group reads its bans.';

drop policy if exists staff on groups.bans;
create policy staff on groups.bans
for select
to stoa_moderator
using (true);

comment on policy staff on groups.bans is 'Staff of the platform reads all.';
