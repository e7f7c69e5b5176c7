revoke all on moderation.bans from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
-- staff_note is granted to nobody: an administrator may have been banned once, and a right to a column knows no rows.
-- moderation.ban_staff_note shows it.
-- Of visitors: a banned account has their rights, and must know why and until when.
grant select (
  id, user_id, banned_by, ban_type, reason, source, points, starts_at, expires_at, lifted_at, lifted_by, lift_reason,
  appealed_at, inserted_at, updated_at
) on moderation.bans to stoa_anonymous;
grant select on moderation.bans to stoa_worker;

drop policy if exists read_own on moderation.bans;
create policy read_own on moderation.bans
for select to stoa_anonymous
using (user_id = (select core.current_user_id()));
comment on policy read_own on moderation.bans is
  'People read their own bans, also while they are banned, without the note of staff. A visitor without an account has none.';

drop policy if exists read_as_admin on moderation.bans;
create policy read_as_admin on moderation.bans
for select to stoa_admin
using (true);
comment on policy read_as_admin on moderation.bans is
  'Administrators see every ban; moderators know of others only users.banned_until.';
