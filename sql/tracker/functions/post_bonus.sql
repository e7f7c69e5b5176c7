create or replace function tracker.post_bonus(
  p_user_id uuid,
  p_amount numeric,
  p_kind text,
  p_bonus_rule_id uuid default null,
  p_period_start timestamptz default null,
  p_torrent_id uuid default null,
  p_request_id uuid default null,
  p_counterparty_id uuid default null,
  p_description text default null
)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  amount constant numeric := round(p_amount, 4);
  balance numeric;
  entry_id uuid;
begin
  perform tracker.ensure_statistics(array[p_user_id]);
  -- Whoever moves points of this person waits here, so the balance that is read is the one that is spent.
  select held.seedbonus + amount into balance
  from tracker.user_statistics as held
  where held.user_id = p_user_id
  for no key update;

  if balance < 0 then
    perform core.fail('tracker.insufficient_points');
  end if;
  if balance >= 1e13 then
    perform core.fail('bonus.balance_too_large');
  end if;

  insert into tracker.bonus_transactions (
    user_id, amount, balance_after, kind, bonus_rule_id, period_start, torrent_id, request_id, counterparty_id, description
  )
  values (
    p_user_id, amount, balance, p_kind, p_bonus_rule_id, p_period_start, p_torrent_id, p_request_id, p_counterparty_id,
    p_description
  )
  returning id into entry_id;

  update tracker.user_statistics as held
  set seedbonus = balance,
      bounty_spent = held.bounty_spent - case when p_kind in ('bounty_escrow', 'bounty_refund') then amount else 0 end,
      bounty_earned = held.bounty_earned + case when p_kind = 'bounty_payout' then amount else 0 end,
      updated_at = now()
  where held.user_id = p_user_id;
  return entry_id;
end
$$;

comment on function tracker.post_bonus(uuid, numeric, text, uuid, timestamptz, uuid, uuid, uuid, text) is
  'Internal. The one way points move: writes a signed amount, of four decimals, into the ledger with the balance that follows from it, under the lock of the person''s totals, and keeps the balance and the sums of bounties there. Returns the ledger row. Whoever posts for several people goes by user. Refuses tracker.insufficient_points and bonus.balance_too_large; that a rule pays twice is refused by the keys of the ledger.';

revoke all on function tracker.post_bonus(uuid, numeric, text, uuid, timestamptz, uuid, uuid, uuid, text) from public;
