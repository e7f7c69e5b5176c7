create or replace function core.setting_fits(p_type text, p_value text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  case p_type
    when 'integer' then perform p_value::bigint;
    when 'decimal' then
      perform p_value::numeric;
      return p_value !~* 'nan|inf';
    when 'boolean' then return p_value in ('true', 'false');
    when 'json' then perform p_value::jsonb;
    else null;
  end case;

  return p_value is not null;
exception
  when invalid_text_representation or numeric_value_out_of_range then
    return false;
end
$$;

comment on function core.setting_fits(text, text) is
  'Whether a text can be read as a value of the type (string, integer, decimal, boolean, json).';

revoke all on function core.setting_fits(text, text) from public;
grant execute on function core.setting_fits(text, text) to stoa_worker;
