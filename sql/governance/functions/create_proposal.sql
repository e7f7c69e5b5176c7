create or replace function governance.create_proposal(
  p_token_id uuid,
  p_title text,
  p_description text,
  p_type text default 'general',
  p_metadata jsonb default '{}',
  p_key text default null
)
returns governance.proposals
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_token_id, p_title, p_description, p_type, p_metadata);
  earlier jsonb;
  proposal governance.proposals;
begin
  earlier := core.recall('governance.create_proposal', p_key, arguments);
  if earlier is not null then
    select * into proposal from governance.proposals as made where made.id = (earlier ->> 'id')::uuid;
    return proposal;
  end if;

  perform governance.known_token(p_token_id, true);
  if coalesce(
    (
      select holding.voting_power
      from governance.user_tokens as holding
      where holding.user_id = me and holding.token_id = p_token_id
    ),
    0
  ) < core.setting_decimal('governance.min_power_to_propose') then
    perform core.fail('proposal.power_too_low');
  end if;
  perform governance.check_proposal(p_type, p_metadata);

  insert into governance.proposals (proposer_id, token_id, title, description, type, metadata)
  values (me, p_token_id, core.clean_text(p_title, 300), core.clean_text(p_description, 40000), p_type, p_metadata)
  returning * into proposal;
  perform core.remember('governance.create_proposal', p_key, arguments, jsonb_build_object('id', proposal.id));
  return proposal;
end
$$;

comment on function governance.create_proposal(uuid, text, text, text, jsonb, text) is
  'Drafts a proposal that the holders of a token are to decide; nobody else reads it before it opens. key: send the same again after a lost answer and get the same draft. Needs voting power (setting governance.min_power_to_propose; proposal.power_too_low). Refuses token.unknown, token.retired, proposal.type_unknown, proposal.metadata_too_large. Limits: title 300, description 40,000 characters.';

revoke all on function governance.create_proposal(uuid, text, text, text, jsonb, text) from public;
grant execute on function governance.create_proposal(uuid, text, text, text, jsonb, text) to stoa_member;
