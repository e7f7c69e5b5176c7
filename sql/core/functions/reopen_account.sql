create or replace function core.reopen_account()
returns core.users
language plpgsql
volatile
-- A closed account has the rights of a visitor.
security definer
set search_path = ''
as $$
declare
  me uuid := core.current_user_id();
  account core.users;
begin
  if me is null then
    perform core.fail('session.required');
  end if;

  select * into account from core.users where id = me for no key update;
  if account.deleted_at is null then
    perform core.fail('account.not_closed');
  end if;

  if account.erased_at is not null
    or account.deleted_at < now() - make_interval(days => core.setting_integer('account.undo_days')::integer)
  then
    perform core.fail('account.undo_expired');
  end if;

  update core.users set deleted_at = null where id = me returning * into account;
  perform audit.record('account.reopen', 'core.users', me);

  return account;
end
$$;

comment on function core.reopen_account() is
  'Opens the caller''s closed account again, within 30 days (setting account.undo_days). Refuses account.not_closed and account.undo_expired. Audited.';

revoke all on function core.reopen_account() from public;
grant execute on function core.reopen_account() to stoa_anonymous;
