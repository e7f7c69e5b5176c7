create or replace trigger set_address_key
before insert or update of network, address, address_key on auth.wallets
for each row
execute function auth.set_address_key();

comment on trigger set_address_key on auth.wallets is 'Keeps address_key, whatever was sent for it.';
