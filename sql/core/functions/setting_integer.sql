create or replace function core.setting_integer(p_key text)
returns bigint
language sql
stable
begin atomic
  select core.setting_text(p_key)::bigint;
end;

comment on function core.setting_integer(text) is
  'The value of a setting of type integer. Refuses an unknown key (setting.unknown).';

revoke all on function core.setting_integer(text) from public;
grant execute on function core.setting_integer(text) to stoa_worker;
