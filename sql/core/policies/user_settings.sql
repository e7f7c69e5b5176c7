revoke all on core.user_settings from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.user_settings to stoa_member, stoa_worker;
grant update (
  theme, language, timezone, profile_visibility, presence_visibility, friend_request_policy, dm_policy, paranoia_level,
  allow_ai_analysis, notifications, privacy, accessibility, preferences
) on core.user_settings to stoa_member;

drop policy if exists read_own on core.user_settings;
create policy read_own on core.user_settings
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on core.user_settings is
  'Settings are private.';

drop policy if exists read_as_admin on core.user_settings;
create policy read_as_admin on core.user_settings
for select to stoa_admin
using (true);
comment on policy read_as_admin on core.user_settings is
  'Administrators see every row.';

drop policy if exists update_own on core.user_settings;
create policy update_own on core.user_settings
for update to stoa_member
using (user_id = (select core.current_user_id()))
with check (user_id = (select core.current_user_id()));
comment on policy update_own on core.user_settings is
  'Members write their own settings.';
