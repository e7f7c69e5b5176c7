revoke all on core.presence from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.presence to stoa_anonymous, stoa_worker;

drop policy if exists read_public on core.presence;
create policy read_public on core.presence
for select to stoa_anonymous
using (visibility = 'public');
comment on policy read_public on core.presence is
  'Presence that its owner shows to everybody.';

drop policy if exists read_as_member on core.presence;
create policy read_as_member on core.presence
for select to stoa_member
using (
  visibility = 'members'
  or user_id = (select core.current_user_id())
  or (visibility = 'friends' and user_id = any (array(select core.my_friend_ids())))
);
comment on policy read_as_member on core.presence is
  'One''s own, what is shown to members, and that of friends.';

drop policy if exists read_as_moderator on core.presence;
create policy read_as_moderator on core.presence
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on core.presence is
  'Moderators see everybody.';
