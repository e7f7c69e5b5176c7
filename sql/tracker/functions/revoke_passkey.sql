create or replace function tracker.revoke_passkey(p_user_id uuid)
returns boolean
language plpgsql
volatile
-- Passkeys are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  if p_user_id is distinct from me then
    perform core.require_role('admin');
  end if;
  update tracker.passkeys as key
  set revoked_at = now()
  where key.user_id = p_user_id
    and key.revoked_at is null;
  if not found then
    perform core.fail('passkey.none');
  end if;
  perform tracker.forget_peers(p_user_id);
  perform audit.record('revoke_passkey', 'tracker.passkeys', p_user_id);
  return true;
end
$$;

comment on function tracker.revoke_passkey(uuid) is
  'Withdraws the passkey of the caller, or by administrators of anybody: their clients are refused from then on and leave every swarm. The next .torrent file that the person downloads has a new one. Refuses passkey.none and, for others, role.insufficient. Audited.';

revoke all on function tracker.revoke_passkey(uuid) from public;
grant execute on function tracker.revoke_passkey(uuid) to stoa_member;
