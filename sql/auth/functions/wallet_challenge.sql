create or replace function auth.wallet_challenge(
  p_network text,
  p_address text,
  p_nonce text,
  p_message text,
  p_ip inet default null
)
returns timestamptz
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  wanted_key constant text := auth.wallet_address_key(p_network, p_address);
  expires timestamptz;
begin
  perform auth.count_attempt('wallet_challenge', auth.name_key(p_network || ':' || wanted_key), 'wallet.too_many');
  perform auth.count_attempt('wallet_challenge_address', auth.network_key(p_ip), 'wallet.too_many');
  insert into auth.wallet_challenges (nonce, network, address_key, message)
  values (p_nonce, p_network, wanted_key, p_message)
  returning expires_at into expires;
  return expires;
end
$$;

comment on function auth.wallet_challenge(text, text, text, text, inet) is
  'Remembers the message that a wallet is asked to sign, for five minutes; ten an hour and address. Returns the end of its validity. Refuses wallet.too_many.';

revoke all on function auth.wallet_challenge(text, text, text, text, inet) from public;
grant execute on function auth.wallet_challenge(text, text, text, text, inet) to stoa_auth;
