create or replace function governance.proposals_my_power(p_proposal governance.proposals)
returns numeric
language sql
stable
set search_path = ''
begin atomic
  select holder.voting_power
  from governance.voting_snapshots as holder
  where holder.proposal_id = p_proposal.id
    and holder.user_id = core.current_user_id();
end;

comment on function governance.proposals_my_power(governance.proposals) is
  'The power that the caller has in this vote, frozen at its opening; null for none. One look-up by primary key, under row-level security.';

revoke all on function governance.proposals_my_power(governance.proposals) from public;
grant execute on function governance.proposals_my_power(governance.proposals) to stoa_member;
