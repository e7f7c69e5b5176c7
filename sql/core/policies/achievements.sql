revoke all on core.achievements from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.achievements to stoa_anonymous, stoa_worker;
grant insert, update on core.achievements to stoa_admin;

drop policy if exists read_open on core.achievements;
create policy read_open on core.achievements
for select to stoa_anonymous
using (is_active and not is_secret);
comment on policy read_open on core.achievements is
  'What can be earned and is no secret.';

drop policy if exists read_earned on core.achievements;
create policy read_earned on core.achievements
for select to stoa_member
using (
  id in (
    select held.achievement_id
    from core.user_achievements as held
    where held.user_id = (select core.current_user_id())
      and held.earned_at is not null
  )
);
comment on policy read_earned on core.achievements is
  'Whoever earned a badge sees it, secret or retired.';

drop policy if exists read_as_moderator on core.achievements;
create policy read_as_moderator on core.achievements
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on core.achievements is
  'Moderators see the whole catalogue.';

drop policy if exists insert_as_admin on core.achievements;
create policy insert_as_admin on core.achievements
for insert to stoa_admin
with check (true);
comment on policy insert_as_admin on core.achievements is
  'Administrators add badges; every change is audited.';

drop policy if exists update_as_admin on core.achievements;
create policy update_as_admin on core.achievements
for update to stoa_admin
using (true)
with check (true);
comment on policy update_as_admin on core.achievements is
  'Administrators change and retire badges; every change is audited.';
