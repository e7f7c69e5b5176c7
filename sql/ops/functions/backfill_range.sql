create or replace function ops.backfill_range(p_name text, p_limit integer)
returns table (row_count bigint, upto jsonb, condition text)
language plpgsql
stable
set search_path = ''
as $$
declare
  backfill ops.backfills;
  keys text;
  keys_backwards text;
  key_texts text;
  lower_bound text;
begin
  select * into backfill from ops.backfills where name = p_name;
  if not found then
    raise exception 'there is no backfill "%"', p_name using errcode = 'XX000';
  end if;

  -- Bounds are written as literals of the type of their column, so that each batch is planned for what it is.
  select
    string_agg('target.' || quote_ident(part.name), ', ' order by part.position),
    string_agg('target.' || quote_ident(part.name) || ' desc', ', ' order by part.position),
    string_agg('target.' || quote_ident(part.name) || '::text', ', ' order by part.position),
    string_agg(
      format('%L::%s', backfill.last_key ->> (part.position - 1)::integer, format_type(attribute.atttypid, attribute.atttypmod)),
      ', ' order by part.position
    )
  into keys, keys_backwards, key_texts, lower_bound
  from unnest(backfill.key_columns) with ordinality as part (name, position)
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = backfill.target::regclass
   and attribute.attname = part.name;

  condition := case when backfill.last_key is null then 'true' else format('(%s) > (%s)', keys, lower_bound) end;
  execute format(
    $query$
      with target as materialized (
        select target.* from (select %1$s from %2$s as target where %3$s order by %1$s limit %4$s) as target
      )
      select (select count(*) from target), (select jsonb_build_array(%5$s) from target order by %6$s limit 1)
    $query$,
    keys, backfill.target::regclass, condition, p_limit, key_texts, keys_backwards
  )
  into row_count, upto;

  if upto is not null then
    select condition || format(
      ' and (%s) <= (%s)',
      keys,
      string_agg(
        format('%L::%s', upto ->> (part.position - 1)::integer, format_type(attribute.atttypid, attribute.atttypmod)),
        ', ' order by part.position
      )
    )
    into condition
    from unnest(backfill.key_columns) with ordinality as part (name, position)
    join pg_catalog.pg_attribute as attribute
      on attribute.attrelid = backfill.target::regclass
     and attribute.attname = part.name;
  end if;
  return next;
end
$$;

comment on function ops.backfill_range(text, integer) is
  'The rows that come next in a backfill, at most p_limit: how many, the key of the last one and the condition that chooses them. Null for the key when no row is left. Reads p_limit entries of the index on the key. For the functions of backfills only.';

revoke all on function ops.backfill_range(text, integer) from public;
