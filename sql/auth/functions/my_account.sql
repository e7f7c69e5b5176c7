create or replace function auth.my_account()
returns auth.account_overview
language sql
stable
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
begin atomic
  select auth.account_of(core.require_member());
end;

comment on function auth.my_account() is
  'The caller''s own address, names, and what is switched on. No digests, no secrets. Refuses visitors (session.required).';

revoke all on function auth.my_account() from public;
grant execute on function auth.my_account() to stoa_member;
