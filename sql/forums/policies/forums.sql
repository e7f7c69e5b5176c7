revoke all on forums.forums from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
-- custom_css is withheld: forums.forums_theme serves it while the owner is premium.
grant select (
  id, parent_id, name, slug, description, icon_url, banner_url, owner_id, layout, position,
  is_public, is_nsfw, auto_upvote_own, min_read_class_id, min_post_class_id, subscriber_count,
  post_count, last_post_id, last_post_at, deleted_at, inserted_at, updated_at
) on forums.forums to stoa_anonymous;

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
