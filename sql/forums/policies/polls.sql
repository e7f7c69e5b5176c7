revoke all on forums.polls from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.polls to stoa_anonymous;

drop policy if exists readable on forums.polls;
-- Not exists (…): the planner may make that a hash of all posts, for one page of rows.
create policy readable on forums.polls
for select
to stoa_anonymous
using (
  (
    select true
    from forums.posts as post
    where post.id = polls.post_id
  )
);

comment on policy readable on forums.polls is 'Whoever may read a post reads its polls: the policies of forums.posts hold inside.';

drop policy if exists staff on forums.polls;
create policy staff on forums.polls
for select
to stoa_moderator
using (true);

comment on policy staff on forums.polls is 'Staff of the platform reads all.';
