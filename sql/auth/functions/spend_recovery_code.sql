create or replace function auth.spend_recovery_code(p_user_id uuid, p_code_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  update auth.recovery_codes
  set used_at = now()
  where id = p_code_id
    and user_id = p_user_id
    and used_at is null;
  if not found then
    perform core.fail('recovery_code.used');
  end if;
  perform auth.forget_attempts('second_factor', auth.name_key(p_user_id::text));
end
$$;

comment on function auth.spend_recovery_code(uuid, uuid) is
  'Spends a recovery code in one update: of several who come at once one succeeds. Refuses recovery_code.used.';

revoke all on function auth.spend_recovery_code(uuid, uuid) from public;
