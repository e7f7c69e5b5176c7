import { type Module, modules } from '../modules.ts';
import type { Queryable } from './queryable.ts';

/** The modules that are installed in this database, in creation order. */
export async function installedModules(database: Queryable): Promise<readonly Module[]> {
  const { rows } = await database.query<{ name: string }>(
    'select nspname::text as name from pg_catalog.pg_namespace where nspname::text = any ($1)',
    [modules.map(({ schema }) => schema)],
  );
  const present = new Set(rows.map(({ name }) => name));
  return modules.filter(({ schema }) => present.has(schema));
}

/** Their schemas. */
export async function moduleSchemas(database: Queryable): Promise<readonly string[]> {
  return (await installedModules(database)).map(({ schema }) => schema);
}
