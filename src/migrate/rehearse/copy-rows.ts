import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { migratedSchemas } from '../schemas.ts';

interface Table {
  readonly name: string;
  readonly columns: string;
}

/** The engine's own tables were filled by bringing the copy to where the source is. */
const engine = ['ops.pgmigrations', 'ops.schema_migrations', 'ops.migration_steps'];

/**
 * Fills a database that has the tables of another, and maybe rows that its migrations made, with the rows of the other
 * as one snapshot saw them. `target` is a superuser: triggers and foreign keys are not asked.
 */
export async function copyRows(
  source: Client,
  target: Client,
  onTable: (table: string, done: number, total: number) => void = () => undefined,
): Promise<void> {
  await source.query('begin isolation level repeatable read read only');
  try {
    await target.query("set session_replication_role = 'replica'");
    await makePartitions(source, target);
    const tables = await presentIn(target, await tablesOf(source));
    await target.query(`truncate ${tables.map(({ name }) => name).join(', ')} cascade`);
    for (const [index, { name, columns }] of tables.entries()) {
      onTable(name, index, tables.length);
      await pipeline(
        source.query(copyTo(`copy (select ${columns} from ${name}) to stdout`)),
        target.query(copyFrom(`copy ${name} (${columns}) from stdin`)),
      );
    }
    await copySequences(source, target);
  } finally {
    await source.query('rollback');
    await target.query('reset session_replication_role');
  }
  await target.query('vacuum analyze');
}

/** Those of jobs and of times past. */
async function makePartitions(source: Client, target: Client): Promise<void> {
  const query = `
    select
      format('%I.%I', part.relnamespace::regnamespace::text, part.relname) as name,
      format('%I.%I', parent.relnamespace::regnamespace::text, parent.relname) as parent,
      pg_get_expr(part.relpartbound, part.oid) as bound
    from pg_catalog.pg_inherits as link
    join pg_catalog.pg_class as part on part.oid = link.inhrelid and part.relispartition and part.relkind in ('r', 'p')
    join pg_catalog.pg_class as parent on parent.oid = link.inhparent
    order by part.oid`;
  const read = async (client: Client) =>
    (await client.query<{ name: string; parent: string; bound: string }>(query)).rows;
  const wanted = await read(source);
  const present = await read(target);
  const isSame = (a: { name: string; bound: string }, b: { name: string; bound: string }): boolean =>
    a.name === b.name && a.bound === b.bound;
  // One that was made for another day may overlap what the source has.
  for (const part of present.filter((each) => !wanted.some((other) => isSame(each, other)))) {
    await target.query(`drop table if exists ${part.name}`);
  }
  for (const part of wanted.filter((each) => !present.some((other) => isSame(each, other)))) {
    await target.query(`create table ${part.name} partition of ${part.parent} ${part.bound}`);
    await target.query(
      `alter table ${part.name} owner to stoa_owner; alter table ${part.name} enable row level security`,
    );
  }
}

/** A partitioned table stands for its partitions. Generated columns are not copied, but made. */
async function tablesOf(source: Client): Promise<readonly Table[]> {
  const { rows } = await source.query<Table>(
    `select
       format('%I.%I', relation.relnamespace::regnamespace::text, relation.relname) as name,
       string_agg(quote_ident(attribute.attname), ', ' order by attribute.attnum) as columns
     from pg_catalog.pg_class as relation
     join pg_catalog.pg_attribute as attribute
       on attribute.attrelid = relation.oid
      and attribute.attnum > 0
      and not attribute.attisdropped
      and attribute.attgenerated = ''
     where relation.relkind in ('r', 'p')
       and not relation.relispartition
       and relation.relpersistence <> 't'
       and relation.relnamespace::regnamespace::text = any ($1)
       and format('%I.%I', relation.relnamespace::regnamespace::text, relation.relname) <> all ($2)
     group by relation.oid
     order by 1`,
    [migratedSchemas, engine],
  );
  return rows;
}

/** What no migration made is not there. */
async function presentIn(target: Client, tables: readonly Table[]): Promise<readonly Table[]> {
  const { rows } = await target.query<{ name: string }>(
    'select name from unnest($1::text[]) as given (name) where to_regclass(name) is not null',
    [tables.map(({ name }) => name)],
  );
  const present = new Set(rows.map(({ name }) => name));
  return tables.filter(({ name }) => present.has(name));
}

async function copySequences(source: Client, target: Client): Promise<void> {
  const { rows } = await source.query<{ name: string; last_value: string | null }>(
    `select format('%I.%I', schemaname, sequencename) as name, last_value::text
     from pg_catalog.pg_sequences
     where schemaname = any ($1)`,
    [migratedSchemas],
  );
  for (const { name, last_value: value } of rows) {
    if (value === null) continue;
    await target.query(
      'select setval(sequence, $2::bigint) from to_regclass($1) as sequence where sequence is not null',
      [name, value],
    );
  }
}
