import type { Client, ClientBase } from 'pg';
import pg from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { connect, withDatabase } from './connect.ts';
import { ensureRoles, type LoginRole, loginRoles, setPasswords } from './roles.ts';

const quote = pg.escapeIdentifier;

async function createDatabase(client: ClientBase, database: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_catalog.pg_database where datname = $1', [
    database,
  ]);
  if (rowCount) return;
  try {
    await client.query(`create database ${quote(database)} encoding 'UTF8' template template0`);
  } catch (error) {
    const wasMadeMeanwhile =
      error instanceof pg.DatabaseError && ['42P04', '23505'].includes(error.code ?? '');
    if (!wasMadeMeanwhile) throw error;
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

/** Undefined where the database does not exist, or the login may not enter it. */
async function enter(adminUrl: string, database: string): Promise<Client | undefined> {
  try {
    return await connect(withDatabase(adminUrl, database), 'prepare');
  } catch (error) {
    if (error instanceof StoaError && error.code === 'database.missing') return undefined;
    throw error;
  }
}

/** True where nothing is left to do, so that a login without any privilege to do it is enough. */
async function isPrepared(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ answer: boolean }>(
    `select
       (select count(*) from pg_catalog.pg_roles where rolname = any($1)) = cardinality($1)
       and not has_schema_privilege('public', 'public', 'create')
       and exists (
         select
         from pg_catalog.pg_database as db, aclexplode(db.datacl) as granted
         where db.datname = current_database()
           and granted.grantee = to_regrole('stoa_owner')
           and granted.privilege_type = 'CREATE'
       ) as answer`,
    [['stoa_owner', 'stoa_anonymous', 'stoa_member', 'stoa_moderator', 'stoa_admin', ...loginRoles]],
  );
  return rows[0]?.answer ?? false;
}

/** Explains a refusal; every other error passes unchanged. */
function explain(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError && error.code === '42501')) return error;
  return new StoaError(
    'database.may_not_prepare',
    `The login may not prepare the database: ${error.message}.`,
    {
      cure: 'Use a login with CREATEROLE and CREATEDB once, or ask a DBA to apply sql/cluster/roles.sql.',
      exitCode: exitCodes.database,
      cause: error,
    },
  );
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
  let client = await enter(adminUrl, database);
  try {
    if (client && (await isPrepared(client))) {
      await setPasswords(client, passwords);
      return;
    }
    // Roles belong to the server, so any of its databases serves to make them.
    const server = client ?? (await connect(withDatabase(adminUrl, 'postgres'), 'prepare'));
    try {
      await ensureRoles(server);
      await setPasswords(server, passwords);
      await createDatabase(server, database);
    } finally {
      if (server !== client) await server.end();
    }
    client ??= await connect(withDatabase(adminUrl, database), 'prepare');
    await client.query(`${databaseGrants(database)} revoke all on schema public from public;`);
  } catch (error) {
    throw explain(error);
  } finally {
    await client?.end();
  }
}
