revoke all on forums.post_attachments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.post_attachments to stoa_anonymous;

drop policy if exists readable on forums.post_attachments;
-- Not exists (…): the planner may make that a hash of all posts, for one page of rows.
create policy readable on forums.post_attachments
for select
to stoa_anonymous
using (
  (
    select true
    from forums.posts as post
    where post.id = post_attachments.post_id
  )
);

comment on policy readable on forums.post_attachments is 'Whoever may read a post reads its pictures: the policies of forums.posts hold inside.';

drop policy if exists staff on forums.post_attachments;
create policy staff on forums.post_attachments
for select
to stoa_moderator
using (true);

comment on policy staff on forums.post_attachments is 'Staff of the platform reads all.';
