create or replace function ledger.unbalanced_holdings()
returns table (user_id uuid, token_id uuid, held numeric, moved numeric)
language sql
stable
rows 10
-- The worker has no grants on the ledger.
security definer
set search_path = ''
begin atomic
  select
    coalesce(holding.user_id, movements.user_id),
    coalesce(holding.token_id, movements.token_id),
    coalesce(holding.balance + holding.staked_balance, 0),
    coalesce(movements.amount, 0)
  from governance.user_tokens as holding
  full join (
    select movement.user_id, movement.token_id, sum(ledger.counted_amount(movement.status, movement.amount)) as amount
    from ledger.transactions as movement
    where movement.token_id is not null
    group by movement.user_id, movement.token_id
  ) as movements
    on movements.user_id = holding.user_id and movements.token_id = holding.token_id
  where coalesce(holding.balance + holding.staked_balance, 0) <> coalesce(movements.amount, 0)
  order by 1, 2;
end;

comment on function ledger.unbalanced_holdings() is
  'For the worker: the holdings that are not what the movements of their holder add up to, which is none. Nothing is repaired: which side is wrong is for a person to find out. Reads the whole ledger.';

revoke all on function ledger.unbalanced_holdings() from public;
grant execute on function ledger.unbalanced_holdings() to stoa_worker;
