import { modules } from '../../src/modules.ts';
import type { TestDatabase } from '../harness/index.ts';

/**
 * What the database says of itself when it was written, and a salted hash: these differ however equal two communities
 * are.
 */
const ofTheRun = ['updated_at', 'last_updated', 'password_hash'];
const ofTheRunIn: Readonly<Record<string, readonly string[]>> = {
  'insight.community_health': ['inserted_at'],
};

/** Everything that people have; what a database knows of itself is the business of ops. */
const schemas = modules.map(({ schema }) => schema).filter((schema) => schema !== 'ops');

/** A digest of all rows of each table that holds any, whatever their order. */
export async function digests(db: TestDatabase): Promise<Readonly<Record<string, string>>> {
  const { rows: tables } = await db.query<{ name: string }>(
    `select class.oid::regclass::text as name
     from pg_catalog.pg_class as class
     where class.relkind in ('r', 'p') and not class.relispartition and class.relnamespace::regnamespace::text = any ($1)
       and class.oid not in ('core.error_codes'::regclass, 'core.settings'::regclass, 'auth.throttle_rules'::regclass)
     order by 1`,
    [schemas],
  );
  const found: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await db.query<{ digest: string | null }>(
      `select md5(string_agg(row_digest, '' order by row_digest)) as digest
       from (select md5((to_jsonb(entry) - $1::text[])::text) as row_digest from ${name} as entry) as entries`,
      [[...ofTheRun, ...(ofTheRunIn[name] ?? [])]],
    );
    if (rows[0]?.digest) found[name] = rows[0].digest;
  }
  return found;
}
