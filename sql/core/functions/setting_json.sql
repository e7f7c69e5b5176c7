create or replace function core.setting_json(p_key text)
returns jsonb
language sql
stable
begin atomic
  select core.setting_text(p_key)::jsonb;
end;

comment on function core.setting_json(text) is
  'The value of a setting of type json. Refuses an unknown key (setting.unknown).';

revoke all on function core.setting_json(text) from public;
grant execute on function core.setting_json(text) to stoa_worker;
