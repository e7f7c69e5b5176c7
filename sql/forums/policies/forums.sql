revoke all on forums.forums from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.forums to stoa_anonymous;

drop policy if exists readable on forums.forums;
create policy readable on forums.forums
for select
to stoa_anonymous
using (id = any (array(select forums.my_readable_forum_ids())));

comment on policy readable on forums.forums is 'Everybody reads the forums that forums.my_readable_forum_ids names.';

drop policy if exists staff on forums.forums;
create policy staff on forums.forums
for select
to stoa_moderator
using (true);

comment on policy staff on forums.forums is 'Staff of the platform reads every forum, deleted ones too.';
