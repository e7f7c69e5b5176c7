create or replace function auth.sign_in_wallet(p_network text, p_address text, p_nonce text, p_message text)
returns table (user_id uuid, needs_second_factor boolean)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
declare
  refusal text;
  wait integer;
begin
  perform auth.consume_wallet_challenge(p_network, p_address, p_nonce, p_message);
  select owner.user_id into user_id from auth.wallet_lookup(p_network, p_address) as owner;
  if not found then
    perform core.fail('wallet.unknown');
  end if;
  select state.reason, state.retry_after into refusal, wait from auth.account_state(user_id) as state;
  -- A ban is told when every factor was right, together with the way to appeal: auth.create_session refuses it.
  if refusal <> 'account.banned' then
    perform core.fail(refusal, wait);
  end if;

  perform auth.forget_attempts('wallet_pin', auth.name_key(user_id::text));
  needs_second_factor := exists (
    select from auth.two_factor as factor where factor.user_id = sign_in_wallet.user_id and factor.confirmed_at is not null
  );
  return next;
end
$$;

comment on function auth.sign_in_wallet(text, text, text, text) is
  'Accepts a wallet that has signed its challenge, and its PIN where there is one, as first factor of its owner. Refuses wallet.challenge_gone, wallet.unknown, account.disabled; a banned account is refused by auth.create_session.';

revoke all on function auth.sign_in_wallet(text, text, text, text) from public;
grant execute on function auth.sign_in_wallet(text, text, text, text) to stoa_auth;
