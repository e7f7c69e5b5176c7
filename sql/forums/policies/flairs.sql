revoke all on forums.flairs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.flairs to stoa_anonymous;

drop policy if exists readable on forums.flairs;
create policy readable on forums.flairs
for select
to stoa_anonymous
using (forum_id = any (array(select forums.my_readable_forum_ids())));

comment on policy readable on forums.flairs is 'Whoever may read a forum reads its labels.';

drop policy if exists staff on forums.flairs;
create policy staff on forums.flairs
for select
to stoa_moderator
using (true);

comment on policy staff on forums.flairs is 'Staff of the platform reads all.';
