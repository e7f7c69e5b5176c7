revoke all on forums.moderators from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.moderators to stoa_anonymous;

drop policy if exists readable on forums.moderators;
create policy readable on forums.moderators
for select
to stoa_anonymous
using (forum_id = any (array(select forums.my_readable_forum_ids())));

comment on policy readable on forums.moderators is 'Whoever may read a forum reads its moderators.';

drop policy if exists staff on forums.moderators;
create policy staff on forums.moderators
for select
to stoa_moderator
using (true);

comment on policy staff on forums.moderators is 'Staff of the platform reads all.';
