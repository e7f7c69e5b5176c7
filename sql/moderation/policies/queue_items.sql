revoke all on moderation.queue_items from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on moderation.queue_items to stoa_moderator, stoa_worker;

drop policy if exists not_about_oneself on moderation.queue_items;
create policy not_about_oneself on moderation.queue_items
for select to stoa_moderator
using (subject_user_id is null or subject_user_id <> (select core.current_user_id()));
comment on policy not_about_oneself on moderation.queue_items is
  'Moderators read all work but that about themselves, which names who complained.';

drop policy if exists read_as_admin on moderation.queue_items;
create policy read_as_admin on moderation.queue_items
for select to stoa_admin
using (true);
comment on policy read_as_admin on moderation.queue_items is
  'Administrators see everything.';
