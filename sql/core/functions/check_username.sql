create or replace function core.check_username(p_name text)
returns text
language plpgsql
stable
-- The list of reserved names is a setting that is not public.
security definer
set search_path = ''
as $$
declare
  wanted text := lower(core.clean_text(p_name, 255));
begin
  if wanted !~ '^[a-z0-9_]{3,30}$' then
    perform core.fail('username.malformed');
  end if;

  if core.setting_json('username.reserved') ? wanted then
    perform core.fail('username.reserved');
  end if;

  return wanted;
end
$$;

comment on function core.check_username(text) is
  'The form in which a username is stored: trimmed and in lower case. Refuses other than 3 to 30 of a-z, 0-9 and underscore (username.malformed) and reserved names (username.reserved). Says nothing about whether the name is taken: only the unique key can.';

revoke all on function core.check_username(text) from public;
grant execute on function core.check_username(text) to stoa_worker;
