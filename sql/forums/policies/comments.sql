revoke all on forums.comments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.comments to stoa_anonymous;

drop policy if exists readable on forums.comments;
-- Not exists (…): the planner may make that a hash of all posts, for one page of rows.
create policy readable on forums.comments
for select
to stoa_anonymous
using (
  (
    select true
    from forums.posts as post
    where post.id = comments.post_id
      and post.deleted_at is null
  )
);

comment on policy readable on forums.comments is 'Whoever may read a live post reads its comments, deleted ones as tombstones without text: the policies of forums.posts hold inside.';

drop policy if exists moderated on forums.comments;
create policy moderated on forums.comments
for select
to stoa_member
using (
  (
    select true
    from forums.posts as post
    where post.id = comments.post_id
      and post.forum_id = any (array(select forums.my_moderated_forum_ids()))
  )
);

comment on policy moderated on forums.comments is 'Owners and moderators read every comment of their forums, also under deleted posts.';

drop policy if exists staff on forums.comments;
create policy staff on forums.comments
for select
to stoa_moderator
using (true);

comment on policy staff on forums.comments is 'Staff of the platform reads every comment.';
