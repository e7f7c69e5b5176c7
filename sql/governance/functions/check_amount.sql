create or replace function governance.check_amount(p_token governance.tokens, p_amount numeric)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  -- To numeric, NaN and Infinity are larger than everything.
  if p_amount is null
    or p_amount <= 0
    or p_amount >= 1e60
    or p_amount <> round(p_amount, p_token.decimals)
  then
    perform core.fail('token.amount_invalid');
  end if;
end
$$;

comment on function governance.check_amount(governance.tokens, numeric) is
  'Internal. Lets an amount pass that exists: more than zero, no finer than the decimals of the token, at most 60 digits before the point. Refuses token.amount_invalid.';

revoke all on function governance.check_amount(governance.tokens, numeric) from public;
