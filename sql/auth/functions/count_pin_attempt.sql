create or replace function auth.count_pin_attempt(p_user_id uuid)
returns void
language sql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
begin atomic
  select auth.count_attempt('wallet_pin', auth.name_key(p_user_id::text), 'wallet.pin_too_many');
end;

comment on function auth.count_pin_attempt(uuid) is
  'Counts a PIN as wrong before it is looked at; auth.sign_in_wallet takes that back. Refuses wallet.pin_too_many.';

revoke all on function auth.count_pin_attempt(uuid) from public;
grant execute on function auth.count_pin_attempt(uuid) to stoa_auth;
