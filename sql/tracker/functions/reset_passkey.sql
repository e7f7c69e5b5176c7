create or replace function tracker.reset_passkey(p_passkey_hash bytea, p_passkey_ciphertext bytea, p_key_id text)
returns void
language plpgsql
volatile
-- Passkeys are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  if coalesce(octet_length(p_passkey_hash), 0) <> 32
    or coalesce(octet_length(p_passkey_ciphertext), 0) = 0
    or coalesce(length(p_key_id), 0) not between 1 and 64
  then
    perform core.fail('passkey.invalid');
  end if;

  -- Waits for an announce with the old key; one that comes later finds it revoked.
  update tracker.passkeys as key
  set revoked_at = now()
  where key.user_id = me
    and key.revoked_at is null;
  perform tracker.forget_peers(me);
  begin
    insert into tracker.passkeys (passkey_hash, user_id, passkey_ciphertext, key_id)
    values (p_passkey_hash, me, p_passkey_ciphertext, p_key_id);
  exception
    -- Another reset of the same person came first, or the key is not fresh: which of the two is nobody's business.
    when unique_violation then
      perform core.fail('passkey.invalid');
  end;
end
$$;

comment on function tracker.reset_passkey(bytea, bytea, text) is
  E'@internal\nGives the caller a passkey, which the application made and encrypted; SQL sees its digest only. The one before is revoked and its peers leave every swarm, in the same moment. Refuses passkey.invalid, also when another reset of the caller came in between.';

revoke all on function tracker.reset_passkey(bytea, bytea, text) from public;
grant execute on function tracker.reset_passkey(bytea, bytea, text) to stoa_member;
