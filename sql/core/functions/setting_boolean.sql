create or replace function core.setting_boolean(p_key text)
returns boolean
language sql
stable
begin atomic
  select core.setting_text(p_key)::boolean;
end;

comment on function core.setting_boolean(text) is
  'The value of a setting of type boolean. Refuses an unknown key (setting.unknown).';

revoke all on function core.setting_boolean(text) from public;
grant execute on function core.setting_boolean(text) to stoa_worker;
