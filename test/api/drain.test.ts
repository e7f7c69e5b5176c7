import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi } from './api.ts';
import { http, json, post } from './http.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
  await db.query(`
    create function forums.nap(p_seconds double precision) returns text language sql volatile as
      $$ select 'rested' from pg_sleep(p_seconds) $$;
    grant execute on function forums.nap(double precision) to stoa_anonymous;
  `);
});

/** Until the statement runs in the database. */
async function isNapping(): Promise<void> {
  for (;;) {
    const { rowCount } = await db.query(
      `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
    );
    if (rowCount) return;
    await sleep(10);
  }
}

const nap = (seconds: number): string => `mutation { nap(input: { seconds: ${seconds} }) { nap } }`;

it('a process that stops says so first, answers meanwhile, finishes what runs and hangs up', async () => {
  const api = await startTestApi(db, { STOA_DRAIN_DELAY_MS: '600' });
  const running = api.ask(nap(1));
  await isNapping();
  const stopped = api.close();

  const ready = await http(new URL('/readyz', api.url));
  expect(ready.status).toBe(503);
  expect(json(ready).checks.serving).toEqual({ ok: false, problem: expect.any(String) });
  expect((await http(new URL('/healthz', api.url))).status).toBe(200);
  // The load balancer has not noticed yet.
  const late = await post(api.url, '{ viewer { id } }');
  expect(late.status).toBe(200);
  expect(late.headers.connection).toBe('close');

  expect((await running).data).toEqual({ nap: { nap: 'rested' } });
  const answeredAt = performance.now();
  await stopped;
  // The connection of the client that was answered is not waited for.
  expect(performance.now() - answeredAt).toBeLessThan(2_000);
  await expect(http(new URL('/healthz', api.url))).rejects.toThrow('ECONNREFUSED');
});

it('what does not finish within the time is cut off', async () => {
  const api = await startTestApi(db, { STOA_DRAIN_TIMEOUT_MS: '200', STOA_STATEMENT_TIMEOUT_MS: '3000' });
  const running = api.ask(nap(30)).catch((error: unknown) => error);
  await isNapping();
  await api.close();
  expect(await running).toBeInstanceOf(Error);
});
