create or replace function auth.use_totp(p_pending_token_hash bytea, p_step bigint)
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
  perform auth.accept_step(pending_user, p_step);
end
$$;

comment on function auth.use_totp(bytea, bigint) is
  'Marks a pending sign-in as passed by a code that was right, and spends the step of that code. Refuses second_factor.expired, second_factor.replayed.';

revoke all on function auth.use_totp(bytea, bigint) from public;
grant execute on function auth.use_totp(bytea, bigint) to stoa_auth;
