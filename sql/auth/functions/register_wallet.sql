create or replace function auth.register_wallet(
  p_network text,
  p_address text,
  p_nonce text,
  p_message text,
  p_pin_hash text default null,
  p_ip inet default null
)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  new_id uuid;
begin
  perform auth.count_attempt('registration_address', auth.network_key(p_ip), 'registration.too_many');
  perform auth.consume_wallet_challenge(p_network, p_address, p_nonce, p_message);
  new_id := auth.create_user(null, null, p_is_anonymous => true);
  insert into auth.accounts (user_id, wallet_pin_hash, registration_ip)
  values (new_id, case when p_pin_hash is not null then auth.checked_password_hash(p_pin_hash) end, p_ip);
  perform auth.claim_wallet(new_id, p_network, p_address, 'external');
  return new_id;
end
$$;

comment on function auth.register_wallet(text, text, text, text, text, inet) is
  'Registers an account by a wallet that has signed its challenge: anonymous, without a username until it chooses one. Returns its id. Refuses wallet.challenge_gone, wallet.taken, registration.too_many.';

revoke all on function auth.register_wallet(text, text, text, text, text, inet) from public;
grant execute on function auth.register_wallet(text, text, text, text, text, inet) to stoa_auth;
