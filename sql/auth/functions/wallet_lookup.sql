create or replace function auth.wallet_lookup(p_network text, p_address text)
returns table (user_id uuid, pin_hash text)
language sql
stable
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
begin atomic
  select wallet.user_id, account.wallet_pin_hash
  from auth.wallets as wallet
  left join auth.accounts as account on account.user_id = wallet.user_id
  where wallet.network = p_network
    and wallet.address_key = auth.wallet_address_key(p_network, p_address)
    and wallet.verified_at is not null;
end;

comment on function auth.wallet_lookup(text, text) is
  'Whose wallet it is, and the hash of the PIN that is asked for after it, for a gateway that has checked the signature; no row for a wallet that nobody has proven. One index look-up.';

revoke all on function auth.wallet_lookup(text, text) from public;
grant execute on function auth.wallet_lookup(text, text) to stoa_auth;
