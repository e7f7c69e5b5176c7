create or replace function core.close_account()
returns core.users
language plpgsql
volatile
-- Members may not write deleted_at.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  account core.users;
begin
  perform from core.users where id = me for no key update;

  if core.owns_things(me) then
    perform core.fail('account.owns_things');
  end if;

  update core.users set deleted_at = now() where id = me returning * into account;
  update core.presence set status = 'offline', device_count = 0 where user_id = me;
  perform audit.record('account.close', 'core.users', me);

  return account;
end
$$;

comment on function core.close_account() is
  'Closes the caller''s account at once; for 30 days (setting account.undo_days) core.reopen_account undoes it, then it is erased. Refuses somebody who owns what others use (account.owns_things): transfer it first. Audited.';

revoke all on function core.close_account() from public;
grant execute on function core.close_account() to stoa_member;
