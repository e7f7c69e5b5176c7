create or replace function tracker.check_amount(p_amount numeric, p_minimum numeric)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Not between also holds for NaN, which is above everything.
  if p_amount is null or p_amount not between greatest(p_minimum, 0.0001) and 1000000000 or p_amount <> round(p_amount, 4) then
    perform core.fail('request.amount_invalid');
  end if;
end
$$;

comment on function tracker.check_amount(numeric, numeric) is
  'Internal. Refuses points below a minimum, above a billion, or with more than four decimals (request.amount_invalid).';

revoke all on function tracker.check_amount(numeric, numeric) from public;
