create or replace function auth.admin_account(p_user_id uuid)
returns auth.account_overview
language plpgsql
volatile
-- The tables of this schema are granted to nobody, and reading somebody's address leaves a trace.
security definer
set search_path = ''
as $$
declare
  account auth.account_overview;
begin
  perform core.require_role('admin');
  account := auth.account_of(p_user_id);
  if account.user_id is null then
    perform core.fail('user.unknown');
  end if;
  perform audit.record('read_account', 'auth.accounts', p_user_id);
  return account;
end
$$;

comment on function auth.admin_account(uuid) is
  'The private half of somebody''s account, for administrators; each look is in the audit log. Refuses role.insufficient, user.unknown.';

revoke all on function auth.admin_account(uuid) from public;
grant execute on function auth.admin_account(uuid) to stoa_admin;
