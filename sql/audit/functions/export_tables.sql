create or replace function audit.export_tables()
returns table (table_name text, description text, columns jsonb)
language sql
stable
-- The registry has no grant.
security definer
set search_path = ''
as $$
  select
    rule.table_name,
    regexp_replace(coalesce(obj_description(rule.table_name::regclass, 'pg_class'), ''), '^(@[^\n]*\n)+', ''),
    audit.export_columns(rule.table_name)
  from ops.personal_data_rules as rule
  where to_regclass(rule.table_name) is not null
    and rule.is_exported
  group by rule.table_name
  order by rule.table_name
$$;

comment on function audit.export_tables() is
  'Worker: the tables of an export, with the columns that are shown and what the schema says about each. Without secrets, digests, and what is written about others or for moderators.';

revoke all on function audit.export_tables() from public;
grant execute on function audit.export_tables() to stoa_worker;
