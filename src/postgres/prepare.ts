import type { ClientBase } from 'pg';
import pg from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { connect, withDatabase } from './connect.ts';
import { ensureRoles, type LoginRole, loginRoles, setPasswords } from './roles.ts';

const quote = pg.escapeIdentifier;

/**
 * graphile-worker installs itself as stoa_worker, which may not create schemas. It skips that step where it finds
 * its ledger, so both are made here, exactly as it would (graphile-worker 0.18, src/migrate.ts, installSchema).
 */
const jobQueueGround = `
  create schema graphile_worker authorization stoa_worker;
  create table graphile_worker.migrations (
    id int primary key,
    ts timestamptz default now() not null,
    breaking boolean not null default false
  );
  alter table graphile_worker.migrations owner to stoa_worker;
`;

async function createDatabase(client: ClientBase, database: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_catalog.pg_database where datname = $1', [
    database,
  ]);
  if (rowCount) return;
  try {
    await client.query(`create database ${quote(database)} encoding 'UTF8' template template0`);
  } catch (error) {
    // Another process made it meanwhile.
    if (!(error instanceof pg.DatabaseError && (error.code === '42P04' || error.code === '23505')))
      throw error;
  }
}

/**
 * Who may connect and create, in SQL. These privileges belong to the database itself, so a clone that is made from a
 * template does not inherit them.
 */
export function databaseGrants(database: string): string {
  const name = quote(database);
  return `
    revoke all on database ${name} from public;
    grant connect on database ${name} to ${loginRoles.join(', ')};
    grant create, connect, temporary on database ${name} to stoa_owner;
    grant temporary on database ${name} to stoa_worker;
  `;
}

/** What must stand before the first migration, and is not changed by one. */
async function prepareInside(client: ClientBase, database: string): Promise<void> {
  await client.query(`${databaseGrants(database)} revoke all on schema public from public;`);
  const { rowCount } = await client.query(
    "select from pg_catalog.pg_namespace where nspname = 'graphile_worker'",
  );
  if (!rowCount) await client.query(jobQueueGround);
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
      await prepareInside(inside, database);
    } finally {
      await inside.end();
    }
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '42501') {
      throw new StoaError(
        'database.may_not_prepare',
        `The login may not prepare the database: ${error.message}.`,
        {
          cure: 'Run "stoa migrate up" once with a login that has CREATEROLE and CREATEDB, or ask a DBA to apply sql/cluster/roles.sql.',
          exitCode: exitCodes.database,
          cause: error,
        },
      );
    }
    throw error;
  }
}
