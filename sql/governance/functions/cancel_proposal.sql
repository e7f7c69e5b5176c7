create or replace function governance.cancel_proposal(p_proposal_id uuid, p_reason text default null)
returns governance.proposals
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  proposal governance.proposals;
begin
  perform governance.visible_proposal(p_proposal_id);
  -- As strong a lock as closing takes: no ballot is on its way when they are counted.
  select * into proposal from governance.proposals as candidate where candidate.id = p_proposal_id for update;
  if not found then
    perform core.fail('proposal.unknown');
  end if;
  if core.current_role_rank() < 3 then
    if proposal.proposer_id is distinct from me then
      perform core.fail('proposal.not_proposer');
    end if;
    if proposal.status <> 'draft' then
      perform core.fail('proposal.not_draft');
    end if;
  end if;
  if proposal.status not in ('draft', 'active') then
    perform core.fail('proposal.closed');
  end if;
  if proposal.voting_start is null then
    perform core.fail('proposal.not_scheduled');
  end if;

  proposal := governance.count_and_close(proposal, true);
  perform audit.record('proposal.cancel', 'governance.proposals', p_proposal_id, null, null, why);
  if proposal.proposer_id <> me then
    perform notifications.notify(
      proposal.proposer_id, 'proposal', 'Your proposal was cancelled: ' || proposal.title, why,
      jsonb_build_object('proposal_id', p_proposal_id)
    );
  end if;
  return proposal;
end
$$;

comment on function governance.cancel_proposal(uuid, text) is
  'Takes a scheduled proposal back: its proposer until voting opens (proposal.not_draft), an administrator until voting closes. It ends as expired, with cancelled_at, and what was voted until then is counted for the record. Refuses proposal.unknown, proposal.not_proposer, a draft that is not scheduled (proposal.not_scheduled) and proposal.closed. Audited; the proposer is told.';

revoke all on function governance.cancel_proposal(uuid, text) from public;
grant execute on function governance.cancel_proposal(uuid, text) to stoa_member;
