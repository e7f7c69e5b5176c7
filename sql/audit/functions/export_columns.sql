create or replace function audit.export_columns(p_table text)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_agg(
    jsonb_build_object(
      'name', attribute.attname,
      'description', regexp_replace(coalesce(col_description(attribute.attrelid, attribute.attnum), ''), '^(@[^\n]*\n)+', '')
    )
    order by attribute.attnum
  )
  from pg_catalog.pg_attribute as attribute
  where attribute.attrelid = p_table::regclass
    and attribute.attnum > 0
    and not attribute.attisdropped
    and attribute.atttypid <> 'tsvector'::regtype
    -- Neither secrets nor digests of them, in the words of the audit log.
    and audit.redact(jsonb_build_object(attribute.attname, true)) <> '{}'
    and not exists (
      select
      from ops.personal_data_rules as withheld
      where withheld.table_name = p_table
        and withheld.column_name = attribute.attname
        and not withheld.is_exported
        and attribute.atttypid <> 'uuid'::regtype
    )
$$;

comment on function audit.export_columns(text) is
  'The columns of a table that an export shows, with what the schema says about each. Without secrets, digests, and what is written about others or for moderators.';

revoke all on function audit.export_columns(text) from public;
