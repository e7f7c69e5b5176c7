create or replace function auth.confirm_two_factor(p_user_id uuid, p_step bigint, p_recovery_code_hashes text[])
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  update auth.two_factor
  set
    confirmed_at = now(),
    last_used_step = p_step
  where user_id = p_user_id
    and confirmed_at is null;
  if not found then
    perform core.fail('second_factor.already_on');
  end if;
  perform auth.replace_recovery_codes(p_user_id, p_recovery_code_hashes);
  perform auth.forget_attempts('second_factor', auth.name_key(p_user_id::text));
end
$$;

comment on function auth.confirm_two_factor(uuid, bigint, text[]) is
  'Puts the second factor in force: its first code was right, and is spent. Keeps the hashes of the recovery codes. Refuses second_factor.already_on.';

revoke all on function auth.confirm_two_factor(uuid, bigint, text[]) from public;
grant execute on function auth.confirm_two_factor(uuid, bigint, text[]) to stoa_auth;
