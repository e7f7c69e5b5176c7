revoke all on forums.posts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.posts to stoa_anonymous;

drop policy if exists readable on forums.posts;
create policy readable on forums.posts
for select
to stoa_anonymous
using (
  deleted_at is null
  and forum_id = any (array(select forums.my_readable_forum_ids()))
);

comment on policy readable on forums.posts is 'Whoever may read a forum reads its live posts.';

drop policy if exists own_deleted on forums.posts;
create policy own_deleted on forums.posts
for select
to stoa_member
using (
  author_id = (select core.current_user_id())
  and deleted_at > now() - interval '30 days'
  and forum_id = any (array(select forums.my_readable_forum_ids()))
);

comment on policy own_deleted on forums.posts is 'Authors read their own deleted posts for the 30 days in which they can be restored.';

drop policy if exists moderated on forums.posts;
create policy moderated on forums.posts
for select
to stoa_member
using (forum_id = any (array(select forums.my_moderated_forum_ids())));

comment on policy moderated on forums.posts is 'Owners and moderators read every post of their forums.';

drop policy if exists staff on forums.posts;
create policy staff on forums.posts
for select
to stoa_moderator
using (true);

comment on policy staff on forums.posts is 'Staff of the platform reads every post.';
