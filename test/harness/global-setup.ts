import type { TestProject } from 'vitest/node';
import { migrateUp } from '../../src/migrate/index.ts';
import { connect, withDatabase } from '../../src/postgres/connect.ts';
import { prepareDatabase } from '../../src/postgres/prepare.ts';
import { loginRoles } from '../../src/postgres/roles.ts';
import { testPassword } from './password.ts';
import { startTestServer } from './server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The test server as superuser, database `postgres`. */
    serverUrl: string;
    /** A migrated database that takes no connections, to be cloned. */
    templateDatabase: string;
  }
}

function majorOf(project: TestProject): number {
  const named = /^pg(\d+)$/.exec(project.name)?.[1] ?? process.env['STOA_TEST_POSTGRES_MAJOR'];
  return named === undefined ? 18 : Number(named);
}

/**
 * Every clone reads the catalog anew. Migrations leave it with dead rows, with rows of which nobody has noted that they are
 * committed, and without statistics: a tenth of the time of the tests under test/sql. The tables stay as they are, for plans
 * are part of what is tested.
 */
async function tidyCatalog(databaseUrl: string): Promise<void> {
  const client = await connect(databaseUrl, 'test set-up');
  try {
    const { rows } = await client.query<{ names: string }>(
      `select string_agg(oid::regclass::text, ', ') as names
       from pg_class
       where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r' and not relisshared`,
    );
    await client.query(`vacuum (freeze, analyze) ${rows[0]?.names}`);
  } finally {
    await client.end();
  }
}

/** One server a project; one migrated database on it, from which each test file gets its own clone. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer(majorOf(project));
  const templateDatabase = `stoa_template_${process.pid}_${project.name}`;
  try {
    await prepareDatabase(
      server.url,
      templateDatabase,
      Object.fromEntries(loginRoles.map((role) => [role, testPassword])),
    );
    await migrateUp({ databaseUrl: withDatabase(server.url, templateDatabase) });
    await tidyCatalog(withDatabase(server.url, templateDatabase));
    const admin = await connect(server.url, 'test set-up');
    await admin.query(`alter database ${templateDatabase} is_template true allow_connections false`);
    await admin.end();
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide('serverUrl', server.url);
  project.provide('templateDatabase', templateDatabase);

  return async () => {
    if (process.env['STOA_TEST_DATABASE_URL'] !== undefined) {
      const admin = await connect(server.url, 'test tear-down');
      await admin.query(`alter database ${templateDatabase} is_template false`);
      await admin.query(`drop database ${templateDatabase} with (force)`);
      await admin.end();
    }
    await server.stop();
  };
}
