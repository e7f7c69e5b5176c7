create or replace function auth.wallet_address_key(p_network text, p_address text)
returns text
language sql
immutable
strict
parallel safe
begin atomic
  select case
    when p_network in ('ethereum', 'polygon', 'bsc', 'arbitrum', 'optimism', 'base') then lower(p_address)
    else p_address
  end;
end;

comment on function auth.wallet_address_key(text, text) is
  'The form in which addresses are compared: capitals of an EVM address are a checksum and mean nothing; elsewhere they do.';

revoke all on function auth.wallet_address_key(text, text) from public;
