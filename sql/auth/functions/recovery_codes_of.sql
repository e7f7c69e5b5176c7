create or replace function auth.recovery_codes_of(p_user_id uuid, p_count_attempt boolean)
returns table (id uuid, code_hash text)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 10
as $$
begin
  if p_count_attempt then
    perform auth.count_attempt('second_factor', auth.name_key(p_user_id::text), 'second_factor.too_many');
  end if;
  return query
    select code.id, code.code_hash
    from auth.recovery_codes as code
    where code.user_id = p_user_id
      and code.used_at is null
    order by code.id;
end
$$;

comment on function auth.recovery_codes_of(uuid, boolean) is
  'The hashes to compare a recovery code with, at most ten. Counts the attempt as failed before it is made, unless auth.pending_sign_in has. Refuses second_factor.too_many.';

revoke all on function auth.recovery_codes_of(uuid, boolean) from public;
grant execute on function auth.recovery_codes_of(uuid, boolean) to stoa_auth;
