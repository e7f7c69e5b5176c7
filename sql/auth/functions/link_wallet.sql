create or replace function auth.link_wallet(
  p_user_id uuid,
  p_network text,
  p_address text,
  p_nonce text,
  p_message text,
  p_type text default 'external'
)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  if p_type not in ('external', 'contract', 'custodial', 'hardware') then
    perform core.fail('input.malformed');
  end if;
  perform from core.users where id = p_user_id for no key update;
  perform auth.consume_wallet_challenge(p_network, p_address, p_nonce, p_message);
  return auth.claim_wallet(p_user_id, p_network, p_address, p_type);
end
$$;

comment on function auth.link_wallet(uuid, text, text, text, text, text) is
  'Adds a wallet that has signed its challenge to an account, or proves one that was imported without proof. Returns the wallet''s id. Refuses wallet.challenge_gone, wallet.taken, input.malformed.';

revoke all on function auth.link_wallet(uuid, text, text, text, text, text) from public;
grant execute on function auth.link_wallet(uuid, text, text, text, text, text) to stoa_auth;
