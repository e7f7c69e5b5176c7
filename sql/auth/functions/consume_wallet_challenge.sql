create or replace function auth.consume_wallet_challenge(p_network text, p_address text, p_nonce text, p_message text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  update auth.wallet_challenges
  set consumed_at = now()
  where nonce = p_nonce
    and network = p_network
    and address_key = auth.wallet_address_key(p_network, p_address)
    and message = p_message
    and consumed_at is null
    and expires_at > now();
  if not found then
    perform core.fail('wallet.challenge_gone');
  end if;
end
$$;

comment on function auth.consume_wallet_challenge(text, text, text, text) is
  'Accepts the signature of a challenge once, in one update, and only for the text that was handed out. Refuses wallet.challenge_gone.';

revoke all on function auth.consume_wallet_challenge(text, text, text, text) from public;
