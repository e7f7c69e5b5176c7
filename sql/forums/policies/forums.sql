revoke all on forums.forums from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.forums to stoa_anonymous;

drop policy if exists readable on forums.forums;
-- Not "id = any (the readable ones)": the planner takes such a list for ten forums and reads the table by it,
-- where a directory of thousands wants its own index.
create policy readable on forums.forums
for select
to stoa_anonymous
using (
  deleted_at is null
  and (is_public or id = any (array(select forums.my_member_forum_ids())))
  and (min_read_class_id is null or min_read_class_id = any (array(select forums.my_class_ids())))
  and id <> all (array(select forums.my_banned_forum_ids()))
);

comment on policy readable on forums.forums is 'Everybody reads public forums, and members those that they own, follow or moderate, if their class is high enough and no ban is in force: the rule of forums.my_readable_forum_ids.';

drop policy if exists staff on forums.forums;
create policy staff on forums.forums
for select
to stoa_moderator
using (true);

comment on policy staff on forums.forums is 'Staff of the platform reads every forum, deleted ones too.';
