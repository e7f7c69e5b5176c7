create or replace function auth.disable_two_factor(p_user_id uuid, p_step bigint default null, p_code_id uuid default null)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  if p_step is not null then
    perform auth.accept_step(p_user_id, p_step);
  elsif p_code_id is not null then
    perform auth.spend_recovery_code(p_user_id, p_code_id);
  else
    perform core.fail('second_factor.required');
  end if;

  delete from auth.recovery_codes where user_id = p_user_id;
  delete from auth.two_factor where user_id = p_user_id and confirmed_at is not null;
  if not found then
    perform core.fail('second_factor.not_on');
  end if;
end
$$;

comment on function auth.disable_two_factor(uuid, bigint, uuid) is
  'Switches the second factor off by the step of a code or by a recovery code, either of which is spent; the recovery codes go with it. Refuses second_factor.required, second_factor.not_on, second_factor.replayed, recovery_code.used.';

revoke all on function auth.disable_two_factor(uuid, bigint, uuid) from public;
grant execute on function auth.disable_two_factor(uuid, bigint, uuid) to stoa_auth;
