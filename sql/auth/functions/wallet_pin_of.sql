create or replace function auth.wallet_pin_of(p_user_id uuid)
returns text
language sql
stable
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
begin atomic
  select account.wallet_pin_hash
  from auth.accounts as account
  where account.user_id = p_user_id;
end;

comment on function auth.wallet_pin_of(uuid) is
  'The hash of the PIN that somebody who is signed in must show to change it; null without a PIN. auth.count_pin_attempt comes first.';

revoke all on function auth.wallet_pin_of(uuid) from public;
grant execute on function auth.wallet_pin_of(uuid) to stoa_auth;
