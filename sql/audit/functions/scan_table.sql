create or replace function audit.scan_table(p_table text, p_request_ids uuid[])
returns table (request_id uuid, column_name text, row_key jsonb, kind text, verdict text)
language plpgsql
volatile
-- Reads every table.
security definer
set search_path = ''
as $$
declare
  place constant regclass := p_table::regclass;
  family constant text := coalesce(
    (
      select ancestor.relid::regclass::text
      from pg_catalog.pg_partition_ancestors(place) with ordinality as ancestor (relid, step)
      order by ancestor.step desc
      limit 1
    ),
    p_table
  );
  is_impersonal constant boolean := exists (select from ops.impersonal_tables as known where known.table_name = family);
  is_registered constant boolean := exists (select from ops.personal_data_rules as rule where rule.table_name = family);
  words jsonb;
  pattern text;
  people uuid[];
  names text[];
  forms text[];
  searched text;
  same_id text;
  has_rows boolean;
  id_columns text[];
  owners text;
  keys text;
  candidate record;
  word record;
  position integer;
begin
  -- Its own notes are what is compared with.
  if family = 'audit.erasures' then
    return;
  end if;
  execute format('select exists (select from %s)', place) into has_rows;
  if not has_rows then
    return;
  end if;

  select
    jsonb_agg(
      jsonb_build_object('request', progress.request_id, 'user', progress.user_id) || item
      || jsonb_build_object(
        'pattern',
        case
          when item ->> 'kind' = 'secret' then regexp_replace(item ->> 'value', '([^[:alnum:]_[:space:]])', '\\\1', 'g')
          else audit.word_pattern(jsonb_build_array(item || '{"is_common": false}'), false)
        end,
        'hex', encode(convert_to(item ->> 'value', 'UTF8'), 'hex')
      )
    ),
    array_agg(distinct progress.user_id)
  into words, people
  from audit.erasures as progress
  cross join lateral jsonb_array_elements(
    progress.identifiers || jsonb_build_array(
      jsonb_build_object('kind', 'id', 'value', progress.user_id, 'is_common', false),
      jsonb_build_object('kind', 'id', 'value', replace(progress.user_id::text, '-', ''), 'is_common', false)
    )
  ) as entry (item)
  where progress.request_id = any (p_request_ids)
    and progress.finished_at is null;
  if words is null then
    return;
  end if;

  select
    array_agg(attribute.attname::text order by attribute.attnum),
    array_agg(
      case
        when type.oid = 'bytea'::regtype then format('encode(target.%I, ''hex'')', attribute.attname)
        when type.oid in ('inet'::regtype, 'cidr'::regtype) then format('host(target.%I)', attribute.attname)
        else format('lower(target.%I::text)', attribute.attname)
      end
      order by attribute.attnum
    ),
    array_agg(format('target.%I', attribute.attname)) filter (where type.oid = 'uuid'::regtype),
    -- Identifiers are compared as such: most rows of a community are votes and memberships, and hold nothing else.
    'concat_ws(E''\x1f'', ' || coalesce(
      string_agg(
        case
          when type.oid = 'bytea'::regtype then format('encode(target.%I, ''hex'')', attribute.attname)
          when type.oid in ('inet'::regtype, 'cidr'::regtype) then format('host(target.%I)', attribute.attname)
          when type.oid <> 'uuid'::regtype then format('lower(target.%I::text)', attribute.attname)
        end,
        ', '
      ),
      'null'
    ) || ')',
    coalesce(
      string_agg(format('target.%I = any ($1)', attribute.attname), ' or ') filter (where type.oid = 'uuid'::regtype), 'false'
    )
  into names, forms, id_columns, searched, same_id
  from pg_catalog.pg_attribute as attribute
  join pg_catalog.pg_type as type on type.oid = attribute.atttypid
  where attribute.attrelid = place
    and attribute.attnum > 0
    and not attribute.attisdropped
    -- Numbers, points in time and switches cannot hold a word.
    and (
      type.typcategory in ('S', 'U', 'A', 'I', 'E', 'C', 'X', 'Z')
      or type.oid in ('bytea'::regtype, 'json'::regtype, 'jsonb'::regtype)
    )
    and type.oid not in ('pg_lsn'::regtype, 'txid_snapshot'::regtype);
  if names is null then
    return;
  end if;

  select string_agg(distinct format('target.%I', attribute.attname), ', ')
  into owners
  from pg_catalog.pg_attribute as attribute
  join ops.personal_data_rules as rule on rule.table_name = family and rule.column_name = attribute.attname
  where attribute.attrelid = place
    and attribute.atttypid = 'uuid'::regtype
    and not attribute.attisdropped;

  select string_agg(format('%L, target.%I', attribute.attname, attribute.attname), ', ')
  into keys
  from pg_catalog.pg_index as index_entry
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = index_entry.indrelid and attribute.attnum = any (index_entry.indkey::smallint[])
  where index_entry.indrelid = place
    and index_entry.indisprimary;

  -- A rough look at each row as a whole, then a close one at those that it lets through: a search for fixed words costs a
  -- tenth of what an expression with as many alternatives does.
  select string_agg(format('strpos(hay.content, %L) > 0', part.word), ' or ') into pattern
  from (
    select item ->> 'value' as word from jsonb_array_elements(words) as entry (item)
    union
    select item ->> 'hex' from jsonb_array_elements(words) as entry (item)
    where exists (
      select from pg_catalog.pg_attribute as attribute where attribute.attrelid = place and attribute.atttypid = 'bytea'::regtype
    )
  ) as part;

  for candidate in execute format(
    'select array[%s]::text[] as contents, %s as owners, %s as row_key from %s as target cross join lateral (select %s as content offset 0) as hay where %s or %s',
    array_to_string(forms, ', '),
    coalesce(format('array_remove(array[%s]::uuid[], null)', owners), '''{}''::uuid[]'),
    coalesce(format('jsonb_build_object(%s)', keys), 'jsonb_build_object(''ctid'', target.ctid::text)'),
    place,
    searched,
    pattern,
    same_id
  )
  using people
  loop
    for position in 1 .. cardinality(names) loop
      continue when candidate.contents[position] is null;
      for word in
        select distinct on (given.request, given.kind)
          given.request, given."user", given.kind, given.is_common
        from jsonb_to_recordset(words)
          as given (request uuid, "user" uuid, kind text, value text, is_common boolean, pattern text, hex text)
        where (strpos(candidate.contents[position], given.value) > 0 and candidate.contents[position] ~ given.pattern)
          or (candidate.contents[position] ~ '^[0-9a-f]+$' and position(given.hex in candidate.contents[position]) > 0)
        order by given.request, given.kind, given.is_common
      loop
        request_id := word.request;
        column_name := names[position];
        row_key := candidate.row_key;
        kind := word.kind;
        verdict := case
          when exists (
            select
            from ops.personal_data_rules as rule
            where rule.table_name = family and rule.column_name = names[position] and rule.action = 'keep'
          ) then 'kept'
          -- The id of a tombstone tells nobody who it was; as a reference it needs a rule all the same.
          when word.kind = 'id' and format('target.%I', names[position]) = any (coalesce(id_columns, '{}')) then 'found'
          when word.kind = 'id' and is_registered then 'reference'
          when word.is_common or (is_impersonal and word.kind in ('name', 'id', 'link')) then 'inconclusive'
          when word.kind in ('name', 'link', 'id')
            and cardinality(candidate.owners) > 0
            and not word."user" = any (candidate.owners) then 'mentioned'
          else 'found'
        end;
        return next;
      end loop;
    end loop;
  end loop;
end
$$;

comment on function audit.scan_table(text, uuid[]) is
  'Worker: looks for the people of erasures that are under way in every column of a table or partition that can hold a word: texts, JSON, arrays, bytes, addresses, identifiers. Tells where, never what: kept (a rule keeps the column), reference (the id of the tombstone), mentioned (a name in what somebody else wrote), inconclusive (a word that many share), or found, which nothing excuses. Reads the whole table once, however many are looked for.';

revoke all on function audit.scan_table(text, uuid[]) from public;
grant execute on function audit.scan_table(text, uuid[]) to stoa_worker;
