create or replace function auth.regenerate_recovery_codes(p_user_id uuid, p_step bigint, p_hashes text[])
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  perform auth.accept_step(p_user_id, p_step);
  perform auth.replace_recovery_codes(p_user_id, p_hashes);
end
$$;

comment on function auth.regenerate_recovery_codes(uuid, bigint, text[]) is
  'Replaces all recovery codes, by the step of a code, which is spent. Refuses second_factor.replayed.';

revoke all on function auth.regenerate_recovery_codes(uuid, bigint, text[]) from public;
grant execute on function auth.regenerate_recovery_codes(uuid, bigint, text[]) to stoa_auth;
