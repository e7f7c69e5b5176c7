revoke all on audit.logs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on audit.logs to stoa_moderator, stoa_worker;

drop policy if exists read_own on audit.logs;
create policy read_own on audit.logs
for select to stoa_moderator
using (actor_id = (select core.current_user_id()));
comment on policy read_own on audit.logs is
  'Moderators see what they did themselves.';

drop policy if exists read_as_admin on audit.logs;
create policy read_as_admin on audit.logs
for select to stoa_admin
using (true);
comment on policy read_as_admin on audit.logs is
  'Administrators see everything.';
