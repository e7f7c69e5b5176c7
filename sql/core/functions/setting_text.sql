create or replace function core.setting_text(p_key text)
returns text
language plpgsql
stable
-- Most settings are not public.
security definer
set search_path = ''
as $$
declare
  found_value text;
begin
  select value into found_value from core.settings where key = p_key;
  if not found then
    perform core.fail('setting.unknown');
  end if;

  return found_value;
end
$$;

comment on function core.setting_text(text) is
  'The value of a setting as it is stored. For use inside other functions. Refuses an unknown key (setting.unknown). One look-up by primary key.';

revoke all on function core.setting_text(text) from public;
grant execute on function core.setting_text(text) to stoa_worker;
