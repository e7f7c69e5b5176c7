-- Why: subjects of reports and restrictions of people: 1 function, policies of 2 tables, as they stand under sql/.
-- New: core.require_unrestricted, core policies report_subjects, core policies user_restrictions.
-- Locks: ACCESS EXCLUSIVE, for an instant, on core.report_subjects (policies).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: core/functions/require_unrestricted.sql
create or replace function core.require_unrestricted(p_activity text)
returns void
language plpgsql
stable
-- What somebody is barred from is granted to nobody.
security definer
set search_path = ''
as $$
begin
  if exists (
    select
    from core.user_restrictions as restriction
    where restriction.user_id = core.current_user_id()
      and restriction.activity = p_activity
      and restriction.until > clock_timestamp()
  ) then
    perform core.fail('account.activity_barred');
  end if;
end
$$;

comment on function core.require_unrestricted(text) is
  'Refuses (account.activity_barred) when the caller is barred from an activity: posting, chat or tracker. For procedures that guard one, after core.require_member. One look-up by primary key.';

revoke all on function core.require_unrestricted(text) from public;
grant execute on function core.require_unrestricted(text) to stoa_worker;

-- Object: core/policies/report_subjects.sql
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

-- Object: core/policies/user_restrictions.sql
-- No API role reads or writes this table; procedures do.
revoke all on core.user_restrictions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.user_restrictions to stoa_worker;

-- End of objects

-- Down Migration

drop policy read_as_moderator on core.report_subjects;
drop policy read_reportable on core.report_subjects;
drop function core.require_unrestricted(text);
revoke all on table core.report_subjects from stoa_member, stoa_worker;
revoke all on table core.user_restrictions from stoa_worker;
