import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { StoaError } from '../../src/errors.ts';
import { connect, createPool, databaseOf, redactUrl, withDatabase } from '../../src/postgres/connect.ts';
import { actingUrl } from '../../src/postgres/roles.ts';
import { testDatabase } from '../harness/index.ts';

const db = await testDatabase();

async function refusal(url: string): Promise<StoaError> {
  const error: unknown = await connect(url, 'test').catch((thrown: unknown) => thrown);
  if (error instanceof StoaError) return error;
  throw new Error(`not refused as expected: ${String(error)}`);
}

describe('connecting', () => {
  test('shows who we are', async () => {
    const client = await connect(db.url, 'rehearsal');
    const { rows } = await client.query("select current_setting('application_name') as name");
    await client.end();
    expect(rows).toEqual([{ name: 'stoa rehearsal' }]);
  });

  test('to a database that is not there is refused in a sentence', async () => {
    const error = await refusal(withDatabase(inject('serverUrl'), 'no_such_database'));
    expect(error.code).toBe('database.missing');
  });

  test('to a port where nothing listens is refused in a sentence without the password', async () => {
    const error = await refusal('postgres://somebody:a-password@127.0.0.1:1/stoa');
    expect(error.code).toBe('database.unreachable');
    expect(error.message).not.toContain('a-password');
  });

  test('survives the loss of an idle connection', async () => {
    const lost: Error[] = [];
    const pool = createPool(db.url, {
      applicationName: 'lossy',
      max: 1,
      onError: (error) => lost.push(error),
    });
    const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
    await db.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await expect.poll(() => lost.length).toBe(1);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  test('as another role acts as that role from the first statement on', async () => {
    const client = new pg.Client({ connectionString: actingUrl(db.url, 'stoa_worker') });
    await client.connect();
    const { rows } = await client.query('select current_user, session_user = current_user as is_login');
    await client.end();
    expect(rows).toEqual([{ current_user: 'stoa_worker', is_login: false }]);
  });
});

describe('a URL', () => {
  test('is shown without its password, wherever that stands', () => {
    expect(redactUrl('postgres://u:secret@h/d')).not.toContain('secret');
    expect(redactUrl('postgres://u@h/d?password=secret&sslmode=require')).not.toContain('secret');
    expect(redactUrl('secret that is no URL')).not.toContain('secret');
  });

  test('names its database as libpq understands it', () => {
    expect(databaseOf('postgres://u@h/a%20b')).toBe('a b');
    expect(databaseOf('postgres://u@h')).toBe('u');
  });
});
