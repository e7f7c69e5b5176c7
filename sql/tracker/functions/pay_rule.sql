create or replace function tracker.pay_rule(
  p_rule_id uuid,
  p_period_start timestamptz,
  p_user_ids uuid[],
  p_amounts numeric[]
)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
  paid integer;
begin
  with written as (
    -- Another run that was first has left its rows: the key keeps them single, and nothing is added for them here.
    insert into tracker.bonus_transactions (user_id, amount, balance_after, kind, bonus_rule_id, period_start)
    select totals.user_id, due.amount, totals.seedbonus + due.amount, 'earned', p_rule_id, p_period_start
    from unnest(p_user_ids, p_amounts) as due (user_id, amount)
    join tracker.user_statistics as totals on totals.user_id = due.user_id
    order by due.user_id
    on conflict (user_id, bonus_rule_id, period_start)
      where bonus_rule_id is not null and torrent_id is null and period_start is not null
      do nothing
    returning user_id, balance_after
  )
  update tracker.user_statistics as totals
  set seedbonus = written.balance_after,
      updated_at = now()
  from written
  where totals.user_id = written.user_id;
  get diagnostics paid = row_count;
  return paid;
end
$$;

comment on function tracker.pay_rule(uuid, timestamptz, uuid[], numeric[]) is
  'Internal, for tracker.award_bonus: pays people, whose totals the caller has locked, what a rule owes them for a period, and returns how many it paid: whoever was paid for the period already is left out.';

revoke all on function tracker.pay_rule(uuid, timestamptz, uuid[], numeric[]) from public;
