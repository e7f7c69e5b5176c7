create or replace function audit.without_words(p_values jsonb, p_pattern text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  if p_values::text !~* p_pattern then
    return p_values;
  end if;
  case jsonb_typeof(p_values)
    when 'object' then
      return (
        select jsonb_object_agg(regexp_replace(entry.key, p_pattern, '[erased]', 'gi'), audit.without_words(entry.value, p_pattern))
        from jsonb_each(p_values) as entry
      );
    when 'array' then
      return (
        select jsonb_agg(audit.without_words(entry.item, p_pattern) order by entry.place)
        from jsonb_array_elements(p_values) with ordinality as entry (item, place)
      );
    when 'string' then
      return to_jsonb(regexp_replace(p_values #>> '{}', p_pattern, '[erased]', 'gi'));
    else
      return to_jsonb('[erased]'::text);
  end case;
end
$$;

comment on function audit.without_words(jsonb, text) is
  'The image of a row in which the words of a pattern are replaced by [erased], in keys and in values.';

revoke all on function audit.without_words(jsonb, text) from public;
