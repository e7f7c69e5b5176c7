create or replace function core.change_username(p_name text)
returns core.users
language plpgsql
volatile
-- A username changes only by these rules, so nobody has the column grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  wanted text := core.check_username(p_name);
  account core.users;
  free_at timestamptz;
begin
  select * into account from core.users where id = me for no key update;

  if account.username::text = wanted then
    return account;
  end if;

  free_at := account.username_changed_at + make_interval(days => core.setting_integer('username.cooldown_days')::integer);
  if account.username is not null and free_at > now() then
    perform core.fail('username.too_soon', ceil(extract(epoch from free_at - now()))::integer);
  end if;

  begin
    update core.users
    set username = wanted,
        username_changed_at = now()
    where id = me
    returning * into account;
  exception
    when unique_violation then
      perform core.fail('username.taken');
  end;

  return account;
end
$$;

comment on function core.change_username(text) is
  'Gives the caller another username: 3 to 30 of a-z, 0-9 and underscore, in lower case. An account without one may choose at once, later changes wait 30 days (setting username.cooldown_days). Refuses username.malformed, username.reserved, username.taken, username.too_soon.';

revoke all on function core.change_username(text) from public;
grant execute on function core.change_username(text) to stoa_member;
