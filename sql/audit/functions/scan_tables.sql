create or replace function audit.scan_tables()
returns table (table_name text, is_readable boolean, estimated_rows bigint)
language sql
stable
-- What can be read is asked of the owner, who scans.
security definer
set search_path = ''
begin atomic
  select
    c.oid::regclass::text,
    has_schema_privilege(current_user, c.relnamespace, 'usage') and has_table_privilege(current_user, c.oid, 'select'),
    greatest(c.reltuples, 0)::bigint
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm')
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
  order by 1;
end;

comment on function audit.scan_tables() is
  'Every table that holds rows, each partition by itself, those of extensions and of the queue included.';

revoke all on function audit.scan_tables() from public;
grant execute on function audit.scan_tables() to stoa_worker;
