revoke all on core.profiles from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.profiles to stoa_anonymous, stoa_worker;
grant update (bio, custom_status, custom_status_expires_at, website, twitter, discord, telegram) on core.profiles to stoa_member;

drop policy if exists read_public on core.profiles;
create policy read_public on core.profiles
for select to stoa_anonymous
using (visibility = 'public');
comment on policy read_public on core.profiles is
  'Profiles whose owner shows them to everybody.';

drop policy if exists read_as_member on core.profiles;
create policy read_as_member on core.profiles
for select to stoa_member
using (
  visibility = 'members'
  or user_id = (select core.current_user_id())
  or (visibility = 'friends' and user_id = any (array(select core.my_friend_ids())))
);
comment on policy read_as_member on core.profiles is
  'One''s own, those shown to members, and those of friends.';

drop policy if exists read_as_moderator on core.profiles;
create policy read_as_moderator on core.profiles
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on core.profiles is
  'Moderators see every profile.';

drop policy if exists hide_blocked on core.profiles;
create policy hide_blocked on core.profiles
as restrictive
for select to stoa_member
using (
  (select core.current_role_rank()) >= 2
  or user_id <> all (array(select core.my_blocked_ids()))
);
comment on policy hide_blocked on core.profiles is
  'Across a block neither side sees the other, moderators excepted.';

drop policy if exists update_own on core.profiles;
create policy update_own on core.profiles
for update to stoa_member
using (user_id = (select core.current_user_id()))
with check (user_id = (select core.current_user_id()));
comment on policy update_own on core.profiles is
  'Members write their own profile.';
