revoke all on notifications.push_tokens from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (id, user_id, session_id, platform, device_name, last_used_at, inserted_at) on notifications.push_tokens to stoa_member;
grant select, update (last_used_at), delete on notifications.push_tokens to stoa_worker;

drop policy if exists read_own on notifications.push_tokens;
create policy read_own on notifications.push_tokens
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on notifications.push_tokens is
  'One''s own devices; the token itself is withheld by column grants.';
