revoke all on forums.poll_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.poll_votes to stoa_member;

drop policy if exists own on forums.poll_votes;
create policy own on forums.poll_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.poll_votes is 'Members read their own ballots; nobody reads those of others.';
