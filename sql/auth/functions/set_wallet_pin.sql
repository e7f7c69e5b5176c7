create or replace function auth.set_wallet_pin(p_user_id uuid, p_pin_hash text)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  insert into auth.accounts (user_id, wallet_pin_hash)
  values (p_user_id, case when p_pin_hash is not null then auth.checked_password_hash(p_pin_hash) end)
  on conflict (user_id) do update
  set wallet_pin_hash = excluded.wallet_pin_hash;
  perform auth.forget_attempts('wallet_pin', auth.name_key(p_user_id::text));
end
$$;

comment on function auth.set_wallet_pin(uuid, text) is
  'Sets the PIN that wallet sign-in asks for, or takes it away (null). Refuses password.not_hashed.';

revoke all on function auth.set_wallet_pin(uuid, text) from public;
grant execute on function auth.set_wallet_pin(uuid, text) to stoa_auth;
