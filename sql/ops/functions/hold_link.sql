create or replace function ops.hold_link(
  p_table regclass,
  p_row text,
  p_kind text,
  p_seen oid[] default '{}'
)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  subject ops.hold_kinds;
  parts text[] := '{}';
  link record;
  next_row constant text := 'link_' || cardinality(p_seen);
  further text;
begin
  select * into subject from ops.hold_kinds where kind = p_kind;
  if to_regclass(subject.table_name) is null then
    return null;
  end if;

  if p_table = subject.table_name::regclass then
    parts := parts || format('%s.id = any (:held)', p_row);
  end if;

  parts := parts || array(
    select format('(%s)', regexp_replace(rule.condition, '\mtarget\.', p_row || '.', 'g'))
    from ops.hold_rules as rule
    where rule.kind = p_kind
      and to_regclass(rule.table_name) = p_table
  );

  -- What names it.
  for link in
    select attribute.attname
    from pg_catalog.pg_constraint as reference
    cross join lateral unnest(reference.conkey, reference.confkey) as pair (here, there)
    join pg_catalog.pg_attribute as attribute on attribute.attrelid = reference.conrelid and attribute.attnum = pair.here
    join pg_catalog.pg_attribute as named on named.attrelid = reference.confrelid and named.attnum = pair.there
    where reference.contype = 'f'
      and reference.conparentid = 0
      and reference.conrelid = p_table
      and reference.confrelid = subject.table_name::regclass
      and named.attname = 'id'
    group by attribute.attname
    order by attribute.attname
  loop
    parts := parts || format('%s.%I = any (:held)', p_row, link.attname);
  end loop;

  -- What lies in something that lies in it; and, of a person, what would go with the row.
  if cardinality(p_seen) < 3 then
    for link in
      select
        case when reference.conrelid = p_table then reference.confrelid else reference.conrelid end as other,
        string_agg(
          case
            when reference.conrelid = p_table then format('%s.%I = %s.%I', next_row, named.attname, p_row, attribute.attname)
            else format('%s.%I = %s.%I', next_row, attribute.attname, p_row, named.attname)
          end,
          ' and '
          order by pair.here
        ) as condition
      from pg_catalog.pg_constraint as reference
      cross join lateral unnest(reference.conkey, reference.confkey) as pair (here, there)
      join pg_catalog.pg_attribute as attribute on attribute.attrelid = reference.conrelid and attribute.attnum = pair.here
      join pg_catalog.pg_attribute as named on named.attrelid = reference.confrelid and named.attnum = pair.there
      where reference.contype = 'f'
        and reference.conparentid = 0
        and reference.conrelid <> reference.confrelid
        and reference.confdeltype = 'c'
        and (
          (subject.is_container and reference.conrelid = p_table and reference.confrelid <> 'core.users'::regclass)
          or (not subject.is_container and reference.confrelid = p_table and p_table <> subject.table_name::regclass)
        )
      group by reference.oid, reference.conrelid, reference.confrelid
      order by 1, reference.oid
    loop
      continue when link.other = any (p_seen || p_table::oid);
      -- What leads straight to it has been named above.
      continue when link.other = subject.table_name::regclass;
      further := ops.hold_link(link.other::regclass, next_row, p_kind, p_seen || p_table::oid);
      if further is not null then
        parts := parts || format(
          'exists (select from %s as %s where %s and (%s))',
          link.other::regclass, next_row, link.condition, further
        );
      end if;
    end loop;
  end if;

  return nullif(array_to_string(parts, ' or '), '');
end
$$;

comment on function ops.hold_link(regclass, text, text, oid[]) is
  'The condition under which a row of a table belongs to something of a kind that is held, with :held for the identifiers; null where nothing leads there. Follows foreign keys: those to the thing itself, for a container those that delete with it upwards, for a person those that would delete with the row downwards, three steps at most. Reads the catalog.';

revoke all on function ops.hold_link(regclass, text, text, oid[]) from public;
