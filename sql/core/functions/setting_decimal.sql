create or replace function core.setting_decimal(p_key text)
returns numeric
language sql
stable
begin atomic
  select core.setting_text(p_key)::numeric;
end;

comment on function core.setting_decimal(text) is
  'The value of a setting of type decimal or integer. Refuses an unknown key (setting.unknown).';

revoke all on function core.setting_decimal(text) from public;
grant execute on function core.setting_decimal(text) to stoa_worker;
