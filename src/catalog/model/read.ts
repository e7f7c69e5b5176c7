import type { ClientBase } from 'pg';
import { installedModules } from '../schemas.ts';
import { parseComment } from './comment.ts';
import type { Catalog, ErrorCode } from './model.ts';
import { readRoutines } from './routines.ts';
import { readRelations } from './tables.ts';

/**
 * Reads everything the schema pages tell, from one snapshot, and changes nothing. Needs a connection of its own
 * that is not inside a transaction.
 */
export async function readCatalog(client: ClientBase): Promise<Catalog> {
  await client.query('begin transaction isolation level repeatable read, read only');
  try {
    // With an empty path every name is printed with its schema, whatever the settings of the connection.
    await client.query(`set local search_path = ''`);
    const modules = await installedModules(client);
    const schemas = modules.map(({ schema }) => schema);

    const errorCodes = (
      await client.query<ErrorCode>(
        'select reason, sqlstate, message, cure from core.error_codes order by reason collate "C"',
      )
    ).rows;
    const { tables, views, types } = await readRelations(client, schemas);
    const functions = await readRoutines(client, schemas, new Set(errorCodes.map(({ reason }) => reason)));
    const comments = await client.query<{ schema: string; comment: string | null }>(
      `select nspname::text as schema, pg_catalog.obj_description(oid, 'pg_namespace') as comment
       from pg_catalog.pg_namespace
       where nspname::text = any ($1)`,
      [schemas],
    );
    const commentOf = new Map(comments.rows.map(({ schema, comment }) => [schema, comment]));

    return {
      modules: modules.map((module) => ({
        module,
        comment: parseComment(commentOf.get(module.schema) ?? null),
        tables: tables(module.schema),
        views: views(module.schema),
        types: types(module.schema),
        functions: functions(module.schema),
      })),
      errorCodes,
    };
  } finally {
    await client.query('rollback');
  }
}
