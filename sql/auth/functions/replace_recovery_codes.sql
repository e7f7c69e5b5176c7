create or replace function auth.replace_recovery_codes(p_user_id uuid, p_hashes text[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if cardinality(p_hashes) not between 1 and 10 then
    perform core.fail('input.malformed');
  end if;
  delete from auth.recovery_codes where user_id = p_user_id;
  insert into auth.recovery_codes (user_id, code_hash)
  select p_user_id, auth.checked_password_hash(hash)
  from unnest(p_hashes) as hash;
end
$$;

comment on function auth.replace_recovery_codes(uuid, text[]) is
  'Keeps the hashes of at most ten new recovery codes; those before, spent or not, are gone.';

revoke all on function auth.replace_recovery_codes(uuid, text[]) from public;
