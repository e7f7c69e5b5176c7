create or replace function auth.my_wallets()
returns setof auth.wallet_overview
language sql
stable
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 2
begin atomic
  select wallet.id, wallet.network, wallet.address, wallet.type, wallet.is_primary, wallet.verified_at, wallet.inserted_at
  from auth.wallets as wallet
  where wallet.user_id = core.require_member()
  order by wallet.id;
end;

comment on function auth.my_wallets() is
  'The caller''s wallets, oldest first.';

revoke all on function auth.my_wallets() from public;
grant execute on function auth.my_wallets() to stoa_member;
