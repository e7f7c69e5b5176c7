revoke all on governance.voting_snapshots from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.voting_snapshots to stoa_member;

drop policy if exists own on governance.voting_snapshots;
create policy own on governance.voting_snapshots
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on governance.voting_snapshots is 'Members read their own power in a vote.';

drop policy if exists closed on governance.voting_snapshots;
create policy closed on governance.voting_snapshots
for select
to stoa_member
using (
  (
    select true
    from governance.proposals as proposal
    where proposal.id = voting_snapshots.proposal_id
      and proposal.status in ('passed', 'rejected', 'expired')
  )
);

comment on policy closed on governance.voting_snapshots is 'Once voting has closed, members can check the electorate.';

drop policy if exists all_for_admins on governance.voting_snapshots;
create policy all_for_admins on governance.voting_snapshots
for select
to stoa_admin
using (true);

comment on policy all_for_admins on governance.voting_snapshots is 'Administrators read every electorate.';
