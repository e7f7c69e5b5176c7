create or replace function auth.set_address_key()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.address_key := auth.wallet_address_key(new.network, new.address);
  return new;
end
$$;

comment on function auth.set_address_key() is 'Trigger: address_key is always the comparable form of address.';

revoke all on function auth.set_address_key() from public;
