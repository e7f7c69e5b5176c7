create or replace function core.set_setting(p_key text, p_value text)
returns core.settings
language plpgsql
volatile
-- A value is checked and the change audited, so nobody has an update grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_role('admin');
  earlier core.settings;
  changed core.settings;
  is_secret boolean := p_key like 'secret.%';
begin
  select * into earlier from core.settings where key = p_key for no key update;
  if not found then
    perform core.fail('setting.unknown');
  end if;

  if not core.setting_fits(earlier.type, p_value) then
    perform core.fail('setting.malformed');
  end if;

  update core.settings
  set value = p_value,
      updated_by = me
  where key = p_key
  returning * into changed;

  perform audit.record(
    p_action => 'setting.change',
    p_resource_type => 'core.settings',
    p_resource_key => jsonb_build_object('key', p_key),
    p_old_values => case when not is_secret then jsonb_build_object('value', earlier.value) end,
    p_new_values => case when not is_secret then jsonb_build_object('value', changed.value) end
  );

  return changed;
end
$$;

comment on function core.set_setting(text, text) is
  'Administrators only: changes a setting that exists. Refuses an unknown key (setting.unknown) and a value that its type cannot hold (setting.malformed). Every change is audited; the value of a key under "secret." is not written down.';

revoke all on function core.set_setting(text, text) from public;
grant execute on function core.set_setting(text, text) to stoa_admin;
