revoke all on forums.categories from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.categories to stoa_anonymous;

drop policy if exists readable on forums.categories;
create policy readable on forums.categories
for select
to stoa_anonymous
using (forum_id = any (array(select forums.my_readable_forum_ids())));

comment on policy readable on forums.categories is 'Whoever may read a forum reads its sections.';

drop policy if exists staff on forums.categories;
create policy staff on forums.categories
for select
to stoa_moderator
using (true);

comment on policy staff on forums.categories is 'Staff of the platform reads all.';
