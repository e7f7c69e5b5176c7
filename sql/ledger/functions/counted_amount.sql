create or replace function ledger.counted_amount(p_status text, p_amount numeric)
returns numeric
language sql
immutable
parallel safe
begin atomic
  select case
    when p_status = 'confirmed' or (p_status = 'pending' and p_amount < 0) then p_amount
    else 0
  end;
end;

comment on function ledger.counted_amount(text, numeric) is
  'Internal. What a movement adds to the balance: a credit counts when it is confirmed, a debit from pending on until it fails or is cancelled.';

revoke all on function ledger.counted_amount(text, numeric) from public;
