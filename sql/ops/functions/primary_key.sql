create or replace function ops.primary_key(p_table text)
returns table (name text, type text, "position" integer)
language plpgsql
stable
set search_path = ''
rows 2
as $$
begin
  return query
    select
      attribute.attname::text,
      format_type(attribute.atttypid, attribute.atttypmod),
      part.position::integer
    from pg_catalog.pg_index as index_entry
    cross join lateral unnest(index_entry.indkey::smallint[]) with ordinality as part (number, position)
    join pg_catalog.pg_attribute as attribute
      on attribute.attrelid = index_entry.indrelid
     and attribute.attnum = part.number
    where index_entry.indrelid = p_table::regclass
      and index_entry.indisprimary
    order by part.position;
  if not found then
    raise exception 'table "%" has no primary key to go through', p_table using errcode = 'XX000';
  end if;
end
$$;

comment on function ops.primary_key(text) is
  'The columns of the primary key of a table, in their order. Reads the catalog.';

revoke all on function ops.primary_key(text) from public;
