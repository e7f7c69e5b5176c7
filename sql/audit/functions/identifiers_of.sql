create or replace function audit.identifiers_of(p_user_id uuid)
returns jsonb
language plpgsql
stable
-- Asks tables of every module.
security definer
set search_path = ''
as $$
declare
  known ops.personal_identifiers;
  found_ones jsonb;
  gathered jsonb := '[]';
begin
  for known in select * from ops.personal_identifiers order by name loop
    execute format(
      'select jsonb_agg(jsonb_build_object(%L, lower(btrim(given.value)), %L, given.is_shared)) from (%s) as given where btrim(given.value) <> %L',
      'value', 'is_shared', replace(known.query, ':user', quote_literal(p_user_id) || '::uuid'), ''
    )
    into found_ones;
    if found_ones is not null then
      select gathered || jsonb_agg(entry.item || jsonb_build_object('kind', known.kind))
      into gathered
      from jsonb_array_elements(found_ones) as entry (item);
    end if;
  end loop;

  return (
    select coalesce(jsonb_agg(
      jsonb_build_object('kind', word.kind, 'value', word.value, 'is_common', word.is_common) order by word.kind, word.value
    ), '[]')
    from (
      select
        item ->> 'kind' as kind,
        item ->> 'value' as value,
        bool_or(
          (item ->> 'is_shared')::boolean
          -- A single plain word may stand anywhere and mean something else.
          or item ->> 'kind' = 'name' and (char_length(item ->> 'value') < 6 or item ->> 'value' !~ '[0-9_[:space:]]')
        ) as is_common
      from jsonb_array_elements(gathered) as entry (item)
      group by 1, 2
    ) as word
  );
end
$$;

comment on function audit.identifiers_of(uuid) is
  'By which words and numbers a person is recognised, from ops.personal_identifiers, in lower case. is_common: others may have the same, or it is a plain word, so that finding it proves nothing.';

revoke all on function audit.identifiers_of(uuid) from public;
