import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { inject } from 'vitest';
import { connect, createPool, withDatabase } from '../../src/postgres/connect.ts';
import { databaseGrants } from '../../src/postgres/prepare.ts';
import { type LoginRole, loginUrl } from '../../src/postgres/roles.ts';
import { afterFile } from './after-file.ts';
import { testPassword } from './password.ts';

export type RequestRole = 'stoa_anonymous' | 'stoa_member' | 'stoa_moderator' | 'stoa_admin';

/** Who a block of statements acts for, as the API sets it for the length of a request. */
export interface Actor {
  readonly role: RequestRole;
  readonly userId?: string;
  readonly sessionId?: string;
  readonly ip?: string;
  readonly requestId?: string;
}

export interface TestDatabase {
  readonly name: string;
  /** As superuser. */
  readonly url: string;
  /** As superuser. */
  readonly pool: pg.Pool;
  /** The same database, logged in as a role. */
  urlFor(role: LoginRole): string;
  /** One statement as superuser. */
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<pg.QueryResult<Row>>;
  /** One transaction as the gateway would run it. Rolled back unless `commit`. */
  as<Result>(
    actor: Actor,
    work: (client: pg.ClientBase) => Promise<Result>,
    options?: { readonly commit?: boolean },
  ): Promise<Result>;
  /** Also done by itself after the last test of the file. */
  drop(): Promise<void>;
}

/** 55006: another clone is being made from the template at this moment. */
function isBusy(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '55006';
}

async function clone(serverUrl: string, template: string, name: string): Promise<void> {
  const admin = await connect(serverUrl, 'test clone');
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        // Written as files, not page by page through the log: a third of the time where nothing is synchronised.
        await admin.query(`create database ${name} template ${template} strategy file_copy`);
        await admin.query(databaseGrants(name));
        return;
      } catch (error) {
        if (!isBusy(error) || attempt === 50) throw error;
        await sleep(50 + Math.random() * 100);
      }
    }
  } finally {
    await admin.end();
  }
}

async function actAs(client: pg.ClientBase, actor: Actor): Promise<void> {
  await client.query(
    `select
       set_config('role', $1, true),
       set_config('stoa.user_id', $2, true),
       set_config('stoa.session_id', $3, true),
       set_config('stoa.ip', $4, true),
       set_config('stoa.request_id', $5, true)`,
    [actor.role, actor.userId ?? '', actor.sessionId ?? '', actor.ip ?? '', actor.requestId ?? ''],
  );
}

/**
 * A database of its own for the file that calls it, migrated and empty of people. Call it at the top of the file
 * or in `beforeAll`; it is dropped after the last test.
 */
export async function testDatabase(options: { readonly empty?: boolean } = {}): Promise<TestDatabase> {
  const serverUrl = inject('serverUrl');
  const name = `stoa_test_${randomBytes(6).toString('hex')}`;
  await clone(serverUrl, options.empty ? 'template0' : inject('templateDatabase'), name);
  const url = withDatabase(serverUrl, name);
  const pool = createPool(url, { applicationName: 'test', max: 10 });
  let isDropped = false;

  const database: TestDatabase = {
    name,
    url,
    pool,
    urlFor: (role) => loginUrl(url, role, testPassword),
    query: (text, values) => pool.query(text, values === undefined ? undefined : [...values]),
    async as(actor, work, { commit = false } = {}) {
      const client = await pool.connect();
      try {
        await client.query('set session authorization stoa_gateway; begin');
        await actAs(client, actor);
        const result = await work(client);
        await client.query(commit ? 'commit' : 'rollback');
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        await client.query('reset session authorization');
        client.release();
      }
    },
    async drop() {
      if (isDropped) return;
      isDropped = true;
      await pool.end();
      const admin = await connect(serverUrl, 'test drop');
      await admin.query(`drop database if exists ${name} with (force)`);
      await admin.end();
    },
  };
  afterFile(() => database.drop());
  return database;
}
