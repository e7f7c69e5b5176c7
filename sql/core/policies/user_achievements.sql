revoke all on core.user_achievements from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.user_achievements to stoa_anonymous, stoa_worker;

drop policy if exists read_public on core.user_achievements;
create policy read_public on core.user_achievements
for select to stoa_anonymous
using (
  earned_at is not null
  and user_id not in (select core.secretive_user_ids())
  and exists (
    select
    from core.profiles as profile
    where profile.user_id = user_achievements.user_id
      and profile.visibility = 'public'
  )
);
comment on policy read_public on core.user_achievements is
  'Earned badges of people whose profile is public and who hide nothing.';

drop policy if exists read_as_member on core.user_achievements;
create policy read_as_member on core.user_achievements
for select to stoa_member
using (
  user_id = (select core.current_user_id())
  or (earned_at is not null and user_id not in (select core.secretive_user_ids()))
);
comment on policy read_as_member on core.user_achievements is
  'One''s own, and earned badges of people who hide nothing.';

drop policy if exists read_as_moderator on core.user_achievements;
create policy read_as_moderator on core.user_achievements
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on core.user_achievements is
  'Moderators see everything.';
