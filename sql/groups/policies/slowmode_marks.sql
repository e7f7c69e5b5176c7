revoke all on groups.slowmode_marks from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.slowmode_marks to stoa_member;

drop policy if exists own on groups.slowmode_marks;
create policy own on groups.slowmode_marks
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on groups.slowmode_marks is 'Members read their own.';
