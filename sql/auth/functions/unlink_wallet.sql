create or replace function auth.unlink_wallet(p_id uuid)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  was_primary boolean;
begin
  perform from core.users where id = me for no key update;
  delete from auth.wallets
  where id = p_id
    and user_id = me
  returning is_primary into was_primary;
  if not found then
    perform core.fail('wallet.unknown');
  end if;

  if not exists (select from auth.accounts where user_id = me and password_hash is not null)
    and not exists (select from auth.wallets where user_id = me and verified_at is not null)
  then
    perform core.fail('wallet.last_method');
  end if;

  if was_primary then
    update auth.wallets
    set is_primary = true
    where id = (
      select id from auth.wallets where user_id = me and verified_at is not null order by id limit 1
    );
  end if;
end
$$;

comment on function auth.unlink_wallet(uuid) is
  'Removes one of the caller''s wallets; the oldest proven one left becomes primary in its place. Refuses wallet.unknown, and the last way to sign in (wallet.last_method).';

revoke all on function auth.unlink_wallet(uuid) from public;
grant execute on function auth.unlink_wallet(uuid) to stoa_member;
