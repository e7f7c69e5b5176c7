import type { Client } from 'pg';
import { type CheckOutcome, type DrillCheck, outcome, reasonOf, skipped } from '../check.ts';

/** Brings what the check needs into a database that will be thrown away. False where the server has it not. */
async function hasExtension(client: Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query('select from pg_catalog.pg_available_extensions where name = $1', [
    name,
  ]);
  if (rowCount === 0) return false;
  await client.query(`create extension if not exists ${name} with schema pg_catalog`);
  return true;
}

interface Relation {
  readonly oid: number;
  readonly name: string;
}

/** Logged relations of a kind: unlogged ones are empty after every recovery. */
async function relations(client: Client, kinds: string, condition = 'true'): Promise<readonly Relation[]> {
  const { rows } = await client.query<Relation>(
    `select class.oid::int8::int as oid, class.oid::regclass::text as name
     from pg_catalog.pg_class as class
     left join pg_catalog.pg_index as index on index.indexrelid = class.oid
     join pg_catalog.pg_am as method on method.oid = class.relam
     where class.relkind = any($1) and class.relpersistence = 'p' and ${condition}
     order by class.oid`,
    [kinds.split('')],
  );
  return rows;
}

/** One query a relation, so that one that cannot be read leaves the rest to be looked at. */
async function each(
  all: readonly Relation[],
  look: (relation: Relation) => Promise<readonly string[]>,
): Promise<CheckOutcome> {
  const findings: string[] = [];
  for (const relation of all) {
    try {
      for (const text of await look(relation)) findings.push(`${relation.name}: ${text}`);
    } catch (error) {
      findings.push(`${relation.name}: ${reasonOf(error)}`);
    }
  }
  return outcome(findings, { relations: all.length });
}

export const heaps: DrillCheck = {
  name: 'heaps',
  shows: 'Every row version of every table is well formed (amcheck, verify_heapam).',
  async run({ client }) {
    if (!(await hasExtension(client, 'amcheck'))) return skipped('The server has no amcheck.');
    return each(await relations(client, 'rmt', `method.amname = 'heap'`), async ({ oid }) => {
      const { rows } = await client.query<{ text: string }>(
        `select format('block %s, item %s: %s', blkno, offnum, msg) as text
         from verify_heapam($1::oid::regclass, check_toast => true) limit 5`,
        [oid],
      );
      return rows.map(({ text }) => text);
    });
  },
};

export const indexes: DrillCheck = {
  name: 'indexes',
  shows: 'Every B-tree is in order and has an entry for every row of its table (amcheck).',
  async run({ client, isDeep }) {
    if (!(await hasExtension(client, 'amcheck'))) return skipped('The server has no amcheck.');
    const invalid = await client.query<{ name: string }>(
      `select indexrelid::regclass::text as name from pg_catalog.pg_index where not indisvalid or not indisready`,
    );
    const call = isDeep
      ? 'bt_index_parent_check($1::oid::regclass, heapallindexed => true, rootdescend => true)'
      : 'bt_index_check($1::oid::regclass, heapallindexed => true)';
    const checked = await each(
      await relations(client, 'i', `method.amname = 'btree' and index.indisvalid and index.indisready`),
      async ({ oid }) => {
        await client.query(`select ${call}`, [oid]);
        return [];
      },
    );
    return outcome([...invalid.rows.map(({ name }) => `${name} is not valid`), ...checked.findings], {
      ...checked.evidence,
      isDeep,
    });
  },
};

export const visibility: DrillCheck = {
  name: 'visibility',
  shows:
    'No page is marked as all visible or frozen that has a row which is not (pg_visibility): counts by index are right.',
  async run({ client }) {
    if (!(await hasExtension(client, 'pg_visibility'))) return skipped('The server has no pg_visibility.');
    return each(await relations(client, 'rmt', `method.amname = 'heap'`), async ({ oid }) => {
      const { rows } = await client.query<{ text: string }>(
        `(select 'not visible to all: ' || t_ctid::text as text from pg_check_visible($1::oid::regclass) as t_ctid limit 3)
         union all
         (select 'not frozen: ' || t_ctid::text from pg_check_frozen($1::oid::regclass) as t_ctid limit 3)`,
        [oid],
      );
      return rows.map(({ text }) => text);
    });
  },
};
