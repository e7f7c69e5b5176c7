create or replace function audit.word_pattern(p_identifiers jsonb, p_with_common boolean)
returns text
language sql
immutable
parallel safe
begin atomic
  -- Matches nothing where there is no word.
  select coalesce(
    '(?<![[:alnum:]_])(?:' || string_agg(
      regexp_replace(item ->> 'value', '([^[:alnum:]_[:space:]])', '\\\1', 'g'), '|' order by length(item ->> 'value') desc, item ->> 'value'
    ) || ')(?![[:alnum:]_])',
    '(?!)'
  )
  from jsonb_array_elements(p_identifiers) as word (item)
  where p_with_common or not (item ->> 'is_common')::boolean;
end;

comment on function audit.word_pattern(jsonb, boolean) is
  'A regular expression for what a person is recognised by, as whole words; without those that are common unless they are asked for. To be matched without regard to case.';

revoke all on function audit.word_pattern(jsonb, boolean) from public;
