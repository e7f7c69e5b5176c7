create or replace function governance.keep_voting_power()
returns trigger
language plpgsql
volatile
-- Fires for whoever writes a holding; weights are read past the policy of tokens.
security definer
set search_path = ''
as $$
declare
  token governance.tokens;
  power numeric;
begin
  if tg_op = 'INSERT' then
    -- A change of the weights recomputes the holdings that it sees. It must not overlook one that is being made.
    select * into token from governance.tokens as candidate where candidate.id = new.token_id for share;
  else
    -- The row is locked by now, so these weights are not older than those of a recomputation that came before.
    select * into token from governance.tokens as candidate where candidate.id = new.token_id;
  end if;

  power := governance.power_of(new.balance, new.staked_balance, token.balance_weight, token.stake_weight);
  if power >= 1e60 then
    perform core.fail('holding.too_large');
  end if;
  if tg_op = 'INSERT' or power <> old.voting_power or new.voting_power <> old.voting_power then
    new.last_updated := now();
  end if;
  new.voting_power := power;
  return new;
end
$$;

comment on function governance.keep_voting_power() is
  'Trigger. Computes the voting power of a holding from its two balances and the weights of its token, whatever was written there. Refuses a power of more than 60 digits before the point (holding.too_large).';

revoke all on function governance.keep_voting_power() from public;
