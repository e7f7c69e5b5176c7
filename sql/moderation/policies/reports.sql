-- evidence is granted to nobody: moderation.open_evidence shows it, and records who looked.
revoke all on moderation.reports from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  id, reporter_id, report_type, subject_id, subject_parent_id, subject_user_id, reason, description, status,
  queue_item_id, resolved_by, resolved_at, action_taken, inserted_at, updated_at
) on moderation.reports to stoa_member;
grant select (assigned_to, resolution_note) on moderation.reports to stoa_moderator;
grant select on moderation.reports to stoa_worker;

drop policy if exists read_own on moderation.reports;
create policy read_own on moderation.reports
for select to stoa_member
using (reporter_id = (select core.current_user_id()));
comment on policy read_own on moderation.reports is
  'Members read what they reported, without who works on it and what staff noted.';

drop policy if exists not_about_oneself on moderation.reports;
create policy not_about_oneself on moderation.reports
for select to stoa_moderator
using (subject_user_id is null or subject_user_id <> (select core.current_user_id()));
comment on policy not_about_oneself on moderation.reports is
  'Moderators read all reports but those about themselves.';

drop policy if exists read_as_admin on moderation.reports;
create policy read_as_admin on moderation.reports
for select to stoa_admin
using (true);
comment on policy read_as_admin on moderation.reports is
  'Administrators see every report.';
