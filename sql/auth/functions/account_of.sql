create or replace function auth.account_of(p_user_id uuid)
returns auth.account_overview
language sql
stable
set search_path = ''
begin atomic
  select row(
    person.id,
    account.email::text,
    account.email_verified_at,
    account.pending_email::text,
    account.password_hash is not null,
    account.wallet_pin_hash is not null,
    account.first_name,
    account.last_name,
    account.last_login_at,
    (select factor.confirmed_at from auth.two_factor as factor where factor.user_id = person.id),
    (select count(*) from auth.recovery_codes as code where code.user_id = person.id and code.used_at is null),
    person.inserted_at
  )::auth.account_overview
  from core.users as person
  left join auth.accounts as account on account.user_id = person.id
  where person.id = p_user_id;
end;

comment on function auth.account_of(uuid) is
  'The private half of one account without its digests and secrets. Not for clients: see auth.my_account and auth.admin_account.';

revoke all on function auth.account_of(uuid) from public;
