create or replace function auth.two_factor_of(p_user_id uuid, p_count_attempt boolean)
returns table (secret_ciphertext bytea, key_id text, is_confirmed boolean)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
begin
  if p_count_attempt then
    perform auth.count_attempt('second_factor', auth.name_key(p_user_id::text), 'second_factor.too_many');
  end if;
  return query
    select factor.secret_ciphertext, factor.key_id::text, factor.confirmed_at is not null
    from auth.two_factor as factor
    where factor.user_id = p_user_id;
end
$$;

comment on function auth.two_factor_of(uuid, boolean) is
  'The encrypted secret to compare a code with; no row where none was begun. Counts the attempt as failed before it is made, unless auth.pending_sign_in has. Refuses second_factor.too_many.';

revoke all on function auth.two_factor_of(uuid, boolean) from public;
grant execute on function auth.two_factor_of(uuid, boolean) to stoa_auth;
