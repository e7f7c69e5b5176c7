-- staff_note is granted to nobody: moderators may be warned too, and a right to a column knows no rows.
-- moderation.warning_staff_note shows it.
revoke all on moderation.warnings from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  id, user_id, issued_by, points, reason, report_id, expires_at, acknowledged_at, revoked_at, revoked_by, inserted_at
) on moderation.warnings to stoa_member;
grant select on moderation.warnings to stoa_worker;

drop policy if exists read_own on moderation.warnings;
create policy read_own on moderation.warnings
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on moderation.warnings is
  'Members read the warnings to them, without the note of staff.';

drop policy if exists read_as_moderator on moderation.warnings;
create policy read_as_moderator on moderation.warnings
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on moderation.warnings is
  'Moderators see all warnings; notes of staff through moderation.warning_staff_note.';
