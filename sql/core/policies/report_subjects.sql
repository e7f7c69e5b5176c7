-- How a kind is looked up and taken down is for procedures; people need its name.
revoke all on core.report_subjects from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (type, label, is_reportable) on core.report_subjects to stoa_member;
grant select on core.report_subjects to stoa_worker;

drop policy if exists read_reportable on core.report_subjects;
create policy read_reportable on core.report_subjects
for select to stoa_member
using (is_reportable);
comment on policy read_reportable on core.report_subjects is
  'Members see what they can report.';

drop policy if exists read_as_moderator on core.report_subjects;
create policy read_as_moderator on core.report_subjects
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on core.report_subjects is
  'Moderators also see the kinds that only stand in queues.';
