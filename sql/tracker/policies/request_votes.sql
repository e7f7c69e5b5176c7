revoke all on tracker.request_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.request_votes to stoa_member;

drop policy if exists own on tracker.request_votes;
create policy own on tracker.request_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on tracker.request_votes is 'Members read their own votes.';

drop policy if exists staff on tracker.request_votes;
create policy staff on tracker.request_votes
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.request_votes is 'Staff reads every vote, to look into manipulation.';
