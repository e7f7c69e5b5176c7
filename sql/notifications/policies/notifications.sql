revoke all on notifications.notifications from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on notifications.notifications to stoa_member, stoa_worker;

drop policy if exists read_own on notifications.notifications;
create policy read_own on notifications.notifications
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on notifications.notifications is
  'A bell is its owner''s alone, administrators included.';
