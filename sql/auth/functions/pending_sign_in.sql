create or replace function auth.pending_sign_in(p_token_hash bytea)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  pending_user uuid;
begin
  select user_id into pending_user
  from auth.pending_sign_ins
  where token_hash = p_token_hash
    and consumed_at is null
    and expires_at > now();
  if not found then
    perform core.fail('second_factor.expired');
  end if;
  perform auth.count_attempt('second_factor', auth.name_key(pending_user::text), 'second_factor.too_many');
  return pending_user;
end
$$;

comment on function auth.pending_sign_in(bytea) is
  'Who is about to give a second factor; counts the attempt as failed before the code is looked at. Refuses second_factor.expired, second_factor.too_many.';

revoke all on function auth.pending_sign_in(bytea) from public;
grant execute on function auth.pending_sign_in(bytea) to stoa_auth;
