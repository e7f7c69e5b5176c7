import type { TestDatabase } from '../harness/index.ts';

/**
 * Makes rows out of rows, for whatever table there is: a copy differs in one column of the primary key, and in one of
 * every other unique key, so that it stands beside its model under the same parents. Triggers and foreign keys sleep
 * meanwhile; checks and unique keys do not, and a copy that they refuse is left out.
 */
const growthFunctions = `
  create schema growth;

  create sequence growth.numbers start 1000;

  create table growth.copies (relation regclass not null, key jsonb not null, is_mortal boolean not null);

  create function growth.changed(p_type regtype, p_value text, p_number integer) returns text language sql as $$
    select case
      when p_type = 'uuid'::regtype then core.uuidv7()::text
      when p_type in ('integer'::regtype, 'bigint'::regtype, 'smallint'::regtype, 'numeric'::regtype)
        then (p_value::numeric + nextval('growth.numbers'))::text
      when p_type in ('timestamptz'::regtype, 'date'::regtype)
        then (p_value::timestamptz + p_number * interval '1 day')::text
      when p_type = 'bytea'::regtype
        then '\\x' || left(encode(sha256(gen_random_uuid()::text::bytea), 'hex'), length(p_value) - 2)
      else left(p_value, greatest(1, length(p_value) - 6)) || substr(md5(random()::text), 1, 6)
    end
  $$;

  /* p_fixed: columns that stay as they are in the model, so that the copies stand under the same parent. */
  create function growth.grow(p_relation regclass, p_fixed name[], p_copies integer, p_model text)
  returns integer language plpgsql as $$
  declare
    key_columns name[];
    changed name[] := '{}';
    target record;
    model jsonb;
    copy jsonb;
    made integer := 0;
    columns text;
  begin
    select array_agg(a.attname order by k.place)
    into key_columns
    from pg_index as i
    cross join unnest(i.indkey) with ordinality as k (attnum, place)
    join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where i.indrelid = p_relation and i.indisprimary;
    -- The last column of each unique key that is not fixed; rather one that points nowhere.
    for target in
      select array(
          select a.attname
          from pg_attribute as a
          where a.attrelid = i.indrelid
            and a.attname <> all (p_fixed)
            and (
              a.attnum = any (i.indkey)
              or exists (
                select from pg_depend as d
                where d.objid = i.indexrelid and d.refobjid = i.indrelid and d.refobjsubid = a.attnum
              )
            )
          order by
            exists (
              select from pg_constraint as f
              where f.conrelid = i.indrelid and f.contype = 'f' and a.attnum = any (f.conkey)
            ),
            a.attnum desc
        ) as names
      from pg_index as i
      where i.indrelid = p_relation and i.indisunique
      order by i.indisprimary desc
    loop
      if not target.names && changed and cardinality(target.names) > 0 then
        changed := changed || target.names[1];
      end if;
    end loop;
    select string_agg(quote_ident(attname), ', ' order by attnum)
    into columns
    from pg_attribute
    where attrelid = p_relation and attnum > 0 and not attisdropped and attgenerated = '';

    execute p_model into model;
    if model is null or cardinality(changed) = 0 then
      return 0;
    end if;
    for number in 1 .. p_copies loop
      select model || jsonb_object_agg(a.attname, growth.changed(a.atttypid::regtype, model ->> a.attname::text, number))
      into copy
      from pg_attribute as a
      where a.attrelid = p_relation and a.attname = any (changed) and model ->> a.attname::text is not null;
      continue when copy is null;
      begin
        execute format(
          'insert into %1$s (%2$s) overriding system value select %2$s from jsonb_populate_record(null::%1$s, $1)',
          p_relation, columns
        ) using copy;
        insert into growth.copies
        select p_relation, jsonb_object_agg(name, copy -> name::text), number > p_copies / 2
        from unnest(key_columns) as name;
        made := made + 1;
      exception
        when integrity_constraint_violation or data_exception then
          null;
      end;
    end loop;
    return made;
  end $$;

  /* A row to copy: the first of a table, or the first under the first parent; where none stands under one, one is put there. */
  create view growth.models as
  select c.oid::regclass as relation, '{}'::name[] as fixed, 0 as place,
    format('select to_jsonb(t) from %s as t order by t limit 1', c.oid::regclass) as model
  from pg_class as c
  join pg_index as i on i.indrelid = c.oid and i.indisprimary
  where c.relkind in ('r', 'p')
    and not c.relispartition
    and c.relnamespace::regnamespace::text not in ('pg_catalog', 'growth', 'graphile_worker', 'ops', 'stoa')
  union all
  select f.conrelid::regclass, keys.own, 1,
    format(
      'select to_jsonb(c) || jsonb_build_object(%s) from %s as c join %s as p on %s where to_jsonb(c) <> to_jsonb(p) order by %s desc, p, c limit 1',
      keys.taken, f.conrelid::regclass, f.confrelid::regclass, coalesce(keys.joined, 'true'), keys.present
    )
  from pg_constraint as f
  cross join lateral (
    select array_agg(a.attname) as own,
      string_agg(format('%L, p.%I', a.attname, b.attname), ', ') as taken,
      string_agg(format('c.%I = p.%I', a.attname, b.attname), ' and ') filter (where a.attnotnull) as joined,
      '(' || string_agg(format('coalesce(c.%I = p.%I, false)', a.attname, b.attname), ' and ') || ')' as present
    from unnest(f.conkey, f.confkey) as k (own, other)
    join pg_attribute as a on a.attrelid = f.conrelid and a.attnum = k.own
    join pg_attribute as b on b.attrelid = f.confrelid and b.attnum = k.other
  ) as keys
  where f.contype = 'f'
    and f.conparentid = 0
    and f.connamespace::regnamespace::text not in ('growth', 'graphile_worker', 'ops', 'stoa');

  /* One round of a busy community: of every table some copies go and others come. */
  create function growth.churn() returns void language plpgsql as $$
  declare
    copy record;
    entry record;
  begin
    for copy in
      delete from growth.copies
      where ctid in (
        select (array_agg(ctid order by random()))[1] from growth.copies where is_mortal group by relation
      )
      returning relation, key
    loop
      execute format(
        'delete from %s where %s', copy.relation,
        (select string_agg(format('%I = %L', k.key, k.value), ' and ') from jsonb_each_text(copy.key) as k)
      );
    end loop;
    for entry in select * from growth.models where place = 0 loop
      perform growth.grow(entry.relation, entry.fixed, 1, entry.model);
    end loop;
  end $$;
`;

export interface Growth {
  /** Of each table some of the rows that grew go, and others come. What was there before growing stays. */
  churn(): Promise<void>;
}

/** The rows below which most rows of a table stand, by one of its foreign keys. */
export interface Parent {
  readonly parent: string;
  readonly child: string;
  /** The primary key of the parent, as text. */
  readonly key: readonly string[];
}

const parentsFunction = `
  create function growth.parents() returns table (parent text, child text, key text[]) language plpgsql as $$
  declare
    link record;
  begin
    for link in
      select f.conrelid, f.confrelid,
        (
          select string_agg(format('c.%I = p.%I', a.attname, b.attname), ' and ')
          from unnest(f.conkey, f.confkey) as k (own, other)
          join pg_attribute as a on a.attrelid = f.conrelid and a.attnum = k.own
          join pg_attribute as b on b.attrelid = f.confrelid and b.attnum = k.other
        ) as joined,
        (
          select string_agg(format('p.%I::text', a.attname), ', ' order by k.place)
          from pg_index as i
          cross join unnest(i.indkey) with ordinality as k (attnum, place)
          join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
          where i.indrelid = f.confrelid and i.indisprimary
        ) as key
      from pg_constraint as f
      where f.contype = 'f' and f.conparentid = 0
    loop
      continue when link.key is null;
      return query execute format(
        'select %L, %L, array[%s] from %s as p join %s as c on %s group by 3 having count(*) > 1 order by count(*) desc, 3 limit 3',
        link.confrelid::regclass::text, link.conrelid::regclass::text, link.key, link.confrelid::regclass,
        link.conrelid::regclass, link.joined
      );
    end loop;
  end $$;
`;

/** Where many rows stand under one. */
export async function findParents(db: TestDatabase): Promise<readonly Parent[]> {
  await db.query(parentsFunction);
  const { rows } = await db.query<Parent>('select parent, child, key from growth.parents()');
  return rows;
}

/** Grows every table that has rows and a primary key. */
export async function growRows(db: TestDatabase): Promise<Growth> {
  await db.query(growthFunctions);
  const client = await db.pool.connect();
  try {
    await client.query('set session_replication_role = replica');
    // In this order: what stands beside the first row can be a parent of what comes then.
    for (const place of [0, 1]) {
      await client.query(
        'select growth.grow(relation, fixed, 4, model) from growth.models where place = $1 order by relation::text, fixed',
        [place],
      );
    }
    // A comment's path ends in itself.
    await client.query('update forums.comments set path = path[1:cardinality(path) - 1] || id');
  } finally {
    await client.query('reset session_replication_role');
    client.release();
  }
  await db.query('analyze');
  return {
    async churn() {
      const busy = await db.pool.connect();
      try {
        await busy.query('set session_replication_role = replica');
        await busy.query('select growth.churn()');
      } finally {
        await busy.query('reset session_replication_role');
        busy.release();
      }
    },
  };
}
