create or replace function governance.recompute_power(
  p_token_id uuid,
  p_after uuid default null,
  p_limit integer default 5000
)
returns uuid
language plpgsql
volatile
-- The worker has no grants on holdings.
security definer
set search_path = ''
as $$
declare
  token governance.tokens;
  holders uuid[];
begin
  perform governance.known_token(p_token_id);

  -- Locked in the order in which transfers lock.
  select array_agg(locked.user_id order by locked.user_id) into holders
  from (
    select holding.user_id
    from governance.user_tokens as holding
    where holding.token_id = p_token_id
      and holding.user_id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
    order by holding.user_id
    limit p_limit
    for no key update
  ) as locked;

  select * into token from governance.tokens as candidate where candidate.id = p_token_id;
  -- The trigger computes; it is only told which rows.
  update governance.user_tokens as holding
  set voting_power = 0
  where holding.token_id = p_token_id
    and holding.user_id = any (holders)
    and holding.voting_power
      <> governance.power_of(holding.balance, holding.staked_balance, token.balance_weight, token.stake_weight);

  return case when cardinality(holders) = p_limit then holders[p_limit] end;
end
$$;

comment on function governance.recompute_power(uuid, uuid, integer) is
  'For the worker, after the weights of a token changed: computes the displayed voting power of up to p_limit holders after p_after anew, and returns the last one, or null when there are no more. Writes only what differs; each call is a transaction of the caller. Snapshots do not wait for it: they are computed from balances and weights. Refuses token.unknown.';

revoke all on function governance.recompute_power(uuid, uuid, integer) from public;
grant execute on function governance.recompute_power(uuid, uuid, integer) to stoa_worker;
