revoke all on tracker.requests from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.requests to stoa_member;

drop policy if exists all_for_members on tracker.requests;
create policy all_for_members on tracker.requests
for select
to stoa_member
using (true);

comment on policy all_for_members on tracker.requests is 'Members read every request.';
