create or replace function auth.begin_two_factor(p_user_id uuid, p_secret_ciphertext bytea, p_key_id text)
returns table (issuer text, label text)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
begin
  insert into auth.two_factor as factor (user_id, secret_ciphertext, key_id)
  values (p_user_id, p_secret_ciphertext, p_key_id)
  on conflict (user_id) do update
  set
    secret_ciphertext = excluded.secret_ciphertext,
    key_id = excluded.key_id,
    last_used_step = null
  where factor.confirmed_at is null;
  if not found then
    perform core.fail('second_factor.already_on');
  end if;

  return query
    select core.setting_text('site.name'), coalesce(person.username::text, account.email::text, 'account')
    from core.users as person
    left join auth.accounts as account on account.user_id = person.id
    where person.id = p_user_id;
end
$$;

comment on function auth.begin_two_factor(uuid, bytea, text) is
  'Keeps an encrypted TOTP secret that is not in force until a first code confirms it; replaces one that was begun before. Returns how an authenticator app should call it. Refuses second_factor.already_on.';

revoke all on function auth.begin_two_factor(uuid, bytea, text) from public;
grant execute on function auth.begin_two_factor(uuid, bytea, text) to stoa_auth;
