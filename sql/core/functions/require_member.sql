create or replace function core.require_member()
returns uuid
language plpgsql
stable
-- Reads whether the account is in force, which members may not read of others.
security definer
set search_path = ''
as $$
declare
  me uuid := core.current_user_id();
begin
  if me is null then
    perform core.fail('session.required');
  end if;

  -- A request for a banned or disabled account arrives as a visitor that still has a name.
  if current_setting('role', true) = 'stoa_anonymous'
    or not exists (
      select
      from core.users
      where id = me
        and is_active
        and deleted_at is null
        and erased_at is null
        and (banned_until is null or banned_until <= now())
    )
  then
    perform core.fail('account.restricted');
  end if;

  return me;
end
$$;

comment on function core.require_member() is
  E'@internal\n@behavior -*\nThe account that the caller acts for, when it may act. Refuses visitors (session.required) and accounts that are banned, disabled, closed or erased (account.restricted). Costs one look-up by primary key.';

revoke all on function core.require_member() from public;
grant execute on function core.require_member() to stoa_anonymous, stoa_worker;
