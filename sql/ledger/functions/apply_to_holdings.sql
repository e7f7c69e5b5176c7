create or replace function ledger.apply_to_holdings()
returns trigger
language plpgsql
-- Fires for whoever writes a movement; balances are nobody's to write.
security definer
set search_path = ''
as $$
declare
  change record;
begin
  -- Holdings are always locked by (user, token): two transfers in opposite directions wait, they do not deadlock.
  if tg_op = 'INSERT' then
    for change in
      select added.user_id, added.token_id, sum(ledger.counted_amount(added.status, added.amount)) as amount
      from added
      where added.token_id is not null
      group by 1, 2
      order by 1, 2
    loop
      perform governance.change_balance(change.user_id, change.token_id, change.amount);
    end loop;
  else
    for change in
      select changed.user_id, changed.token_id, sum(changed.amount) as amount
      from (
        select added.user_id, added.token_id, ledger.counted_amount(added.status, added.amount) as amount from added
        union all
        select removed.user_id, removed.token_id, -ledger.counted_amount(removed.status, removed.amount) from removed
      ) as changed
      where changed.token_id is not null
      group by 1, 2
      order by 1, 2
    loop
      perform governance.change_balance(change.user_id, change.token_id, change.amount);
    end loop;
  end if;
  return null;
end
$$;

comment on function ledger.apply_to_holdings() is
  'Trigger. Keeps the balances in governance.user_tokens equal to what the movements add up to. A debit beyond the balance undoes the whole statement (holding.insufficient). A withdrawal that fails gives back what it took.';

revoke all on function ledger.apply_to_holdings() from public;
