create or replace function auth.claim_wallet(p_user_id uuid, p_network text, p_address text, p_type text)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  claimed_key constant text := auth.wallet_address_key(p_network, p_address);
  wallet_id uuid;
begin
  -- Somebody's claim without proof gives way to a proof.
  delete from auth.wallets
  where address_key = claimed_key
    and user_id <> p_user_id
    and verified_at is null;

  begin
    insert into auth.wallets as wallet (user_id, network, address, address_key, type, is_primary, verified_at)
    values (
      p_user_id, p_network, p_address, claimed_key, p_type,
      not exists (select from auth.wallets as other where other.user_id = p_user_id and other.is_primary),
      now()
    )
    on conflict (network, address_key) do update
    set verified_at = coalesce(wallet.verified_at, now())
    where wallet.user_id = p_user_id
    returning wallet.id into wallet_id;
  exception
    when exclusion_violation then
      perform core.fail('wallet.taken');
  end;
  if wallet_id is null then
    perform core.fail('wallet.taken');
  end if;
  return wallet_id;
end
$$;

comment on function auth.claim_wallet(uuid, text, text, text) is
  'Makes a wallet whose control was just proven the account''s own; the first one is its primary. Refuses one that belongs to somebody else, on whichever chain (wallet.taken).';

revoke all on function auth.claim_wallet(uuid, text, text, text) from public;
