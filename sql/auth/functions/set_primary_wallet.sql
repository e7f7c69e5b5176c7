create or replace function auth.set_primary_wallet(p_id uuid)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  wallet auth.wallets;
begin
  perform from core.users where id = me for no key update;
  select * into wallet from auth.wallets where id = p_id and user_id = me;
  if not found then
    perform core.fail('wallet.unknown');
  end if;
  if wallet.verified_at is null then
    perform core.fail('wallet.not_verified');
  end if;

  update auth.wallets set is_primary = false where user_id = me and is_primary and id <> p_id;
  update auth.wallets set is_primary = true where id = p_id and not is_primary;
end
$$;

comment on function auth.set_primary_wallet(uuid) is
  'Makes one of the caller''s proven wallets the address of the account. Refuses wallet.unknown, wallet.not_verified.';

revoke all on function auth.set_primary_wallet(uuid) from public;
grant execute on function auth.set_primary_wallet(uuid) to stoa_member;
