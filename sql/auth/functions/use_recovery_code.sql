create or replace function auth.use_recovery_code(p_pending_token_hash bytea, p_code_id uuid)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  pending_user uuid;
begin
  update auth.pending_sign_ins
  set passed_at = now()
  where token_hash = p_pending_token_hash
    and consumed_at is null
    and expires_at > now()
  returning user_id into pending_user;
  if not found then
    perform core.fail('second_factor.expired');
  end if;
  perform auth.spend_recovery_code(pending_user, p_code_id);
end
$$;

comment on function auth.use_recovery_code(bytea, uuid) is
  'Marks a pending sign-in as passed by a recovery code that was right, and spends the code. Refuses second_factor.expired, recovery_code.used.';

revoke all on function auth.use_recovery_code(bytea, uuid) from public;
grant execute on function auth.use_recovery_code(bytea, uuid) to stoa_auth;
