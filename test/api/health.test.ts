import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { connect } from '../../src/postgres/connect.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { http, json } from './http.ts';

let db: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  db = await testDatabase();
  await db.query(`
    create function forums.wait_for_lock() returns text language sql volatile as
      $$ select 'had it' from pg_advisory_xact_lock_shared(4711) $$;
    grant execute on function forums.wait_for_lock() to stoa_anonymous;
  `);
  api = await startTestApi(db, { STOA_STATEMENT_TIMEOUT_MS: '30000' });
});

const ask = async (path: string) => {
  const answer = await http(new URL(path, api.url));
  return { status: answer.status, body: json(answer) };
};

/** The database is asked once a second. */
beforeEach(() => sleep(1_050));

describe('/readyz', () => {
  it('says of each condition that it holds', async () => {
    expect(await ask('/readyz')).toEqual({
      status: 200,
      body: {
        status: 'ready',
        checks: {
          serving: { ok: true },
          database: { ok: true },
          migrations: { ok: true },
          partitions: { ok: true },
        },
      },
    });
  });

  it('names migrations that this process needs and the database has not', async () => {
    const { rows } = await db.query(
      'delete from ops.pgmigrations where id in (select id from ops.pgmigrations order by id desc limit 2) returning id, name, run_on',
    );
    const { status, body } = await ask('/readyz');
    expect(status).toBe(503);
    expect(body.status).toBe('not ready');
    expect(body.checks.migrations).toEqual({ ok: false, problem: '2 are not applied.' });
    expect(body.checks.database).toEqual({ ok: true });
    for (const { id, name, run_on: at } of rows) {
      await db
        .query(
          'insert into ops.pgmigrations (id, name, run_on) overriding system value values ($1, $2, $3)',
          [id, name, at],
        )
        .catch(() =>
          db.query('insert into ops.pgmigrations (id, name, run_on) values ($1, $2, $3)', [id, name, at]),
        );
    }
  });

  it('is ready while requests have every connection, and more of them wait', async () => {
    const holder = await connect(db.url, 'test lock');
    await holder.query('select pg_advisory_lock(4711)');
    const waiting = Array.from({ length: 12 }, () =>
      api.ask('mutation { waitForLock(input: {}) { forLock } }'),
    );
    await expect
      .poll(async () => {
        const { rowCount } = await db.query(
          "select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'",
        );
        return rowCount;
      })
      .toBe(10);
    expect((await ask('/readyz')).status).toBe(200);
    await holder.query('select pg_advisory_unlock(4711)');
    await holder.end();
    for (const { data } of await Promise.all(waiting)) {
      expect(data).toEqual({ waitForLock: { forLock: 'had it' } });
    }
  });

  it('warns of partitions that will be missing, and fails where one is', async () => {
    const bounds = async (condition: string): Promise<readonly string[]> => {
      const { rows } = await db.query<{ partition: string }>(
        `select partition from ops.partition_bounds('audit.logs') where ${condition} order by upper_bound`,
      );
      return rows.map(({ partition }) => partition);
    };
    const [current, next, ...later] = await bounds('upper_bound > now()');
    for (const partition of [next, ...later]) await db.query(`drop table ${partition}`);
    const late = await ask('/readyz');
    expect(late.status).toBe(200);
    expect(late.body.checks.partitions).toEqual({
      ok: true,
      warning: '1 tables have fewer than 2 partitions ahead.',
    });

    await sleep(1_050);
    await db.query(`drop table ${current}`);
    const missing = await ask('/readyz');
    expect(missing.status).toBe(503);
    expect(missing.body.checks.partitions).toEqual({ ok: false, problem: '1 tables take no new rows.' });
    expect(JSON.stringify(missing.body)).not.toContain('audit');

    await sleep(1_050);
    await db.query("select ops.ensure_partitions('audit.logs')");
    expect((await ask('/readyz')).status).toBe(200);
  });

  it('says that the database does not answer, and is ready again when it does', async () => {
    const admin = await connect(inject('serverUrl'), 'test health');
    await admin.query(`alter database ${db.name} with allow_connections false`);
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name in ('stoa api', 'stoa sign-in', 'stoa health')",
      [db.name],
    );
    const away = await ask('/readyz');
    expect(away.status).toBe(503);
    expect(away.body.checks).toMatchObject({
      database: { ok: false, problem: 'The database does not answer.' },
      migrations: { ok: false },
      partitions: { ok: false },
    });
    expect((await ask('/healthz')).status).toBe(200);
    await admin.query(`alter database ${db.name} with allow_connections true`);
    await admin.end();
    await sleep(1_050);
    expect((await ask('/readyz')).status).toBe(200);
  });
});

it('/healthz says that the process lives', async () => {
  expect(await ask('/healthz')).toEqual({ status: 200, body: { status: 'alive' } });
});
