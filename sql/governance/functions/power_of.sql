create or replace function governance.power_of(
  p_balance numeric,
  p_staked_balance numeric,
  p_balance_weight numeric,
  p_stake_weight numeric
)
returns numeric
language sql
immutable
parallel safe
begin atomic
  select round(p_balance * p_balance_weight + p_staked_balance * p_stake_weight, 18);
end;

comment on function governance.power_of(numeric, numeric, numeric, numeric) is
  'Internal. The voting power of a holding, exact to 18 decimals.';

revoke all on function governance.power_of(numeric, numeric, numeric, numeric) from public;
