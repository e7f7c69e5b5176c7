create or replace function audit.open_export(p_user_id uuid, p_table text)
returns refcursor
language plpgsql
volatile
-- Reads the person's rows in every module.
security definer
set search_path = ''
as $$
declare
  rows_of_person refcursor := 'stoa_export';
  shown text;
  condition text;
begin
  select string_agg(format('%L, target.%I', column_entry ->> 'name', column_entry ->> 'name'), ', ')
  into shown
  from jsonb_array_elements(audit.export_columns(p_table)) as entry (column_entry);
  select string_agg(distinct format('(%s)', coalesce(rule.subject, format('target.%I = :user', rule.column_name))), ' or ')
  into condition
  from ops.personal_data_rules as rule
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = p_table::regclass and attribute.attname = rule.column_name
  where rule.table_name = p_table
    and rule.is_exported
    and (rule.subject is not null or attribute.atttypid = 'uuid'::regtype);
  if shown is null or condition is null then
    raise exception 'table "%" is in no export', p_table using errcode = 'XX000';
  end if;

  open rows_of_person no scroll for execute format(
    'select jsonb_build_object(%s) as row from %s as target where %s',
    shown, p_table::regclass, replace(condition, ':user', quote_literal(p_user_id) || '::uuid')
  );
  return rows_of_person;
end
$$;

comment on function audit.open_export(uuid, text) is
  'Worker: opens the cursor "stoa_export" over the rows of a table that belong into a person''s export, to be fetched in this transaction and closed.';

revoke all on function audit.open_export(uuid, text) from public;
grant execute on function audit.open_export(uuid, text) to stoa_worker;
