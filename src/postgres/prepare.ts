import type { ClientBase } from 'pg';
import pg from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { connect, withDatabase } from './connect.ts';
import { ensureRoles, type LoginRole, loginRoles, setPasswords } from './roles.ts';

const quote = pg.escapeIdentifier;

async function createDatabase(client: ClientBase, database: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_catalog.pg_database where datname = $1', [database]);
  if (rowCount) return;
  try {
    await client.query(`create database ${quote(database)} encoding 'UTF8' template template0`);
  } catch (error) {
    // Another process made it meanwhile.
    if (!(error instanceof pg.DatabaseError && (error.code === '42P04' || error.code === '23505'))) throw error;
  }
}

/** What the roles may do with the database as such, before the first migration and unchanged by it. */
async function grantDatabase(client: ClientBase, database: string): Promise<void> {
  const name = quote(database);
  await client.query(`
    revoke all on database ${name} from public;
    grant connect on database ${name} to ${loginRoles.join(', ')};
    grant create, connect, temporary on database ${name} to stoa_owner;
    grant temporary on database ${name} to stoa_worker;
    revoke all on schema public from public;
  `);
  // graphile-worker installs itself as stoa_worker, which may not create schemas.
  const { rowCount } = await client.query("select from pg_catalog.pg_namespace where nspname = 'graphile_worker'");
  if (!rowCount) await client.query('create schema graphile_worker authorization stoa_worker');
}

/**
 * Readies a database for its first migration: the roles, the database itself, and who may connect and create.
 * `adminUrl` must be allowed to do that where something is missing; where all is there, nothing is changed.
 */
export async function prepareDatabase(
  adminUrl: string,
  database: string,
  passwords: Readonly<Partial<Record<LoginRole, string>>> = {},
): Promise<void> {
  try {
    const admin = await connect(adminUrl, 'prepare');
    try {
      await ensureRoles(admin);
      await setPasswords(admin, passwords);
      await createDatabase(admin, database);
    } finally {
      await admin.end();
    }
    const inside = await connect(withDatabase(adminUrl, database), 'prepare');
    try {
      await grantDatabase(inside, database);
    } finally {
      await inside.end();
    }
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '42501') {
      throw new StoaError('database.may_not_prepare', `The login may not prepare the database: ${error.message}.`, {
        cure: 'Run "stoa migrate up" once with a login that has CREATEROLE and CREATEDB, or ask a DBA to apply sql/cluster/roles.sql.',
        exitCode: exitCodes.database,
        cause: error,
      });
    }
    throw error;
  }
}
