-- No policy for administrators: while voting is open, nobody reads the ballots of others.
revoke all on governance.votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.votes to stoa_anonymous;

drop policy if exists closed on governance.votes;
create policy closed on governance.votes
for select
to stoa_anonymous
using (
  (
    select true
    from governance.proposals as proposal
    where proposal.id = votes.proposal_id
      and proposal.status in ('passed', 'rejected', 'expired')
  )
);

comment on policy closed on governance.votes is 'Once voting has closed, everybody can check the count.';

drop policy if exists own on governance.votes;
create policy own on governance.votes
for select
to stoa_member
using (voter_id = (select core.current_user_id()));

comment on policy own on governance.votes is 'Members read their own ballots.';

drop policy if exists open_ballots on governance.votes;
create policy open_ballots on governance.votes
for select
to stoa_member
using ((select governance.ballots_are_open()));

comment on policy open_ballots on governance.votes is 'Members read ballots while voting is open where the setting governance.open_ballots says so.';
