create or replace function governance.update_proposal(p_proposal_id uuid, p_patch jsonb)
returns governance.proposals
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  proposal governance.proposals;
begin
  perform core.check_patch(p_patch, array['title', 'description', 'type', 'metadata']);
  proposal := governance.own_draft(p_proposal_id);

  proposal.title := core.patch_text(p_patch, 'title', proposal.title, 300);
  proposal.description := core.patch_text(p_patch, 'description', proposal.description, 40000);
  if num_nulls(proposal.title, proposal.description) > 0 then
    perform core.fail('input.empty');
  end if;
  if p_patch ? 'type' then
    proposal.type := p_patch ->> 'type';
  end if;
  if p_patch ? 'metadata' then
    proposal.metadata := p_patch -> 'metadata';
  end if;
  perform governance.check_proposal(proposal.type, proposal.metadata);

  update governance.proposals as changed
  set title = proposal.title,
      description = proposal.description,
      type = proposal.type,
      metadata = proposal.metadata
  where changed.id = p_proposal_id
  returning * into proposal;
  return proposal;
end
$$;

comment on function governance.update_proposal(uuid, jsonb) is
  'Changes title, description, type or metadata of a draft of the caller, scheduled or not. Refuses proposal.unknown, proposal.not_proposer, a proposal that has opened (proposal.not_draft), proposal.type_unknown and proposal.metadata_too_large. Limits: title 300, description 40,000 characters.';

revoke all on function governance.update_proposal(uuid, jsonb) from public;
grant execute on function governance.update_proposal(uuid, jsonb) to stoa_member;
