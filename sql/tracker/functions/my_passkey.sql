create or replace function tracker.my_passkey()
returns table (passkey_ciphertext bytea, key_id text)
language plpgsql
stable
-- Passkeys are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  return query
    select key.passkey_ciphertext, key.key_id::text
    from tracker.passkeys as key
    where key.user_id = me
      and key.revoked_at is null;
end
$$;

comment on function tracker.my_passkey() is
  E'@internal\nThe caller''s live passkey, encrypted, and the key it is encrypted with; no row while there is none. The application decrypts it for .torrent files.';

revoke all on function tracker.my_passkey() from public;
grant execute on function tracker.my_passkey() to stoa_member;
