revoke all on forums.poll_options from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.poll_options to stoa_anonymous;

drop policy if exists readable on forums.poll_options;
-- Not exists (…): the planner may make that a hash of all posts, for one page of rows.
create policy readable on forums.poll_options
for select
to stoa_anonymous
using (
  (
    select true
    from forums.posts as post
    where post.id = poll_options.post_id
  )
);

comment on policy readable on forums.poll_options is 'Whoever may read a post reads its options of polls: the policies of forums.posts hold inside.';

drop policy if exists staff on forums.poll_options;
create policy staff on forums.poll_options
for select
to stoa_moderator
using (true);

comment on policy staff on forums.poll_options is 'Staff of the platform reads all.';
