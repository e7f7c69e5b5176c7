revoke all on forums.bans from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.bans to stoa_member;

drop policy if exists own on forums.bans;
create policy own on forums.bans
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.bans is 'Banned people read their own bans.';

drop policy if exists moderated on forums.bans;
create policy moderated on forums.bans
for select
to stoa_member
using (forum_id = any (array(select forums.my_moderated_forum_ids())));

comment on policy moderated on forums.bans is 'Owners and moderators read the bans of their forums.';

drop policy if exists staff on forums.bans;
create policy staff on forums.bans
for select
to stoa_moderator
using (true);

comment on policy staff on forums.bans is 'Staff of the platform reads every ban.';
