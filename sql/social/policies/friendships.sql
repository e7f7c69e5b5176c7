revoke all on social.friendships from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on social.friendships to stoa_member, stoa_worker;

drop policy if exists read_own on social.friendships;
create policy read_own on social.friendships
for select to stoa_member
using (
  user_id = (select core.current_user_id())
  or friend_id = (select core.current_user_id())
);
comment on policy read_own on social.friendships is
  'Both sides see what is between them; others ask social.friends_of.';

drop policy if exists read_as_moderator on social.friendships;
create policy read_as_moderator on social.friendships
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on social.friendships is
  'Moderators see everything.';
