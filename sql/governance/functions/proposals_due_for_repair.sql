create or replace function governance.proposals_due_for_repair(p_since timestamptz, p_sample integer default 100)
returns setof uuid
language plpgsql
stable
rows 100
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
begin
  return query
    select proposal.id
    from governance.proposals as proposal
    where proposal.status = 'active'
    union
    select comment.proposal_id
    from governance.comments as comment
    where comment.updated_at >= p_since
    union
    (select proposal.id from governance.proposals as proposal where proposal.status <> 'draft' order by random() limit p_sample);
end
$$;

comment on function governance.proposals_due_for_repair(timestamptz, integer) is
  'For the worker: the proposals whose counters the nightly check recounts, namely those that are voted on, those with a comment that changed since p_since, and a random sample of the rest. Scans proposals and comments once.';

revoke all on function governance.proposals_due_for_repair(timestamptz, integer) from public;
grant execute on function governance.proposals_due_for_repair(timestamptz, integer) to stoa_worker;
