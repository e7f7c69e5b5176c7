import type { GraphQLSchema } from 'graphql';
import { makeSchema } from 'postgraphile/graphile-build';
import type { SchemaOf } from '../../src/api/server.ts';
import type { TestDatabase } from './database.ts';

/** The tables that a build of the schema reads. */
const sources = [
  'pg_attrdef',
  'pg_attribute',
  'pg_auth_members',
  'pg_class',
  'pg_constraint',
  'pg_depend',
  'pg_description',
  'pg_enum',
  'pg_extension',
  'pg_index',
  'pg_inherits',
  'pg_namespace',
  'pg_policy',
  'pg_proc',
  'pg_range',
  'pg_rewrite',
  'pg_trigger',
  'pg_type',
  'core.error_codes',
];

/** A row that was written after the database was cloned has another transaction, or another place. */
const fingerprint = sources
  .map((table) => `select '${table}', count(*), sum(hashtextextended(ctid::text || xmin, 0)) from ${table}`)
  .join('\nunion all\n')
  .concat('\norder by 1');

/** The one of an unchanged database, and one that a file asks for twice. Each is some 60 MB. */
const keptSchemas = 2;
const kept = new Map<string, Promise<GraphQLSchema>>();

/**
 * Builds the schema as the product does, but once for all databases with the same catalog, in the files that a worker
 * runs: 2 to 4 s of CPU each. `variant`: what of the settings the schema depends on. A database whose catalog was changed,
 * by a function that a test adds, say, gets a build of its own.
 */
export function sharedSchema(db: TestDatabase, variant: unknown): SchemaOf {
  return async (preset) => {
    const { rows } = await db.query(fingerprint);
    const key = JSON.stringify([variant, rows]);
    const building = kept.get(key) ?? makeSchema(preset).then(({ schema }) => schema);
    kept.delete(key);
    kept.set(key, building);
    for (const oldest of [...kept.keys()].slice(0, -keptSchemas)) kept.delete(oldest);
    try {
      return await building;
    } catch (error) {
      kept.delete(key);
      throw error;
    }
  };
}
