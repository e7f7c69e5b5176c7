import { beforeAll, describe, expect, it } from 'vitest';
import { HttpRefusal } from '../../src/api/http.ts';
import { createRateLimiter, type RateLimiter } from '../../src/api/rates.ts';
import { createPool } from '../../src/postgres/connect.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { type HttpAnswer, json, post } from './http.ts';

let db: TestDatabase;
let first: TestApi;
let second: TestApi;

beforeAll(async () => {
  db = await testDatabase();
  const settings = { STOA_RATE_ADDRESS: '40', STOA_RATE_ACCOUNT: '20', STOA_TRUST_PROXY: '1' };
  [first, second] = await Promise.all([startTestApi(db, settings), startTestApi(db, settings)]);
});

const from = (ip: string): Record<string, string> => ({ 'x-forwarded-for': ip });

async function inTurn(
  count: number,
  headersOf: (n: number) => Record<string, string>,
): Promise<readonly HttpAnswer[]> {
  const answers: HttpAnswer[] = [];
  for (let n = 0; n < count; n += 1) {
    answers.push(await post((n % 2 ? first : second).url, '{ viewer { id } }', headersOf(n)));
  }
  return answers;
}

const letIn = (answers: readonly HttpAnswer[]): number =>
  answers.filter(({ status }) => status === 200).length;

describe('the requests of an address', () => {
  it('are limited over all processes together', async () => {
    const before = performance.now();
    const answers = await inTurn(100, () => from('203.0.113.1'));
    // Each process lets in a twentieth on its own; what has come back meanwhile is let in as well.
    const comeBack = ((performance.now() - before) / 60_000) * 44;
    expect(letIn(answers)).toBeGreaterThanOrEqual(40);
    expect(letIn(answers)).toBeLessThanOrEqual(Math.ceil(40 + 2 * 2 + comeBack));
    const refused = answers.find(({ status }) => status !== 200);
    expect(refused?.status).toBe(429);
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(refused && json(refused).errors[0].extensions).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      reason: 'rate.address',
      limit: 40,
      retryAfter: Number(refused?.headers['retry-after']),
      requestId: refused?.headers['x-request-id'],
    });
  });

  it('do not count for another address, and a whole /64 counts as one', async () => {
    expect(letIn(await inTurn(1, () => from('203.0.113.2')))).toBe(1);
    const answers = await inTurn(60, (n) => from(`2001:db8:0:1::${n}`));
    expect(letIn(answers)).toBeLessThan(55);
    expect(letIn(await inTurn(1, () => from('2001:db8:0:2::1')))).toBe(1);
  });

  it('are kept as digests, in a table that crashes take along', async () => {
    const { rows } = await db.query('select scope, length(key_hash) as bytes from auth.request_rates');
    expect(rows).toContainEqual({ scope: 'address', bytes: 32 });
    const { rows: kinds } = await db.query(
      "select relpersistence from pg_class where oid = 'auth.request_rates'::regclass",
    );
    expect(kinds).toEqual([{ relpersistence: 'u' }]);
  });
});

it('the requests of an account are limited wherever they come from, and those of others are not', async () => {
  const [ann, ben] = await Promise.all(
    ['ann', 'ben'].map(async (username) => first.signIn(await createUser(db, { username }))),
  );
  const as = (token: string | undefined, n: number) => ({
    ...from(`198.51.100.${n}`),
    authorization: `Bearer ${token}`,
  });
  const answers = await inTurn(40, (n) => as(ann, n));
  expect(letIn(answers)).toBeGreaterThanOrEqual(20);
  expect(letIn(answers)).toBeLessThan(28);
  const refused = answers.find(({ status }) => status === 429);
  expect(refused && json(refused).errors[0].extensions).toMatchObject({ reason: 'rate.account', limit: 20 });
  expect(letIn(await inTurn(1, (n) => as(ben, n)))).toBe(1);
});

describe('counting', () => {
  let clock = 0;
  const limiter = (
    perMinute: number,
    url = db.urlFor('stoa_auth'),
  ): RateLimiter & { end(): Promise<void> } => {
    const pool = createPool(url, { applicationName: 'test rates', max: 4 });
    const made = createRateLimiter({ pool, perMinute: { address: perMinute, account: 0 }, now: () => clock });
    return Object.assign(made, { end: () => pool.end() });
  };
  const refused = async (limits: RateLimiter, key: string): Promise<boolean> => {
    try {
      await limits.count('address', key);
      return false;
    } catch (error) {
      if (error instanceof HttpRefusal && error.status === 429) return true;
      throw error;
    }
  };

  it('asks the database for nothing below a twentieth of the limit, and once for every twentieth above', async () => {
    const limits = limiter(1200);
    for (let n = 0; n < 60; n += 1) await limits.count('address', 'light');
    expect(limits.leases).toBe(0);
    for (let n = 0; n < 600; n += 1) await limits.count('address', 'light');
    expect(limits.leases).toBe(10);
    clock += 60_000;
    for (let n = 0; n < 60; n += 1) await limits.count('address', 'light');
    expect(limits.leases).toBe(10);
    await limits.end();
  });

  it('asks once for all who wait, and not again before the time that was told', async () => {
    const limits = limiter(20);
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => refused(limits, 'flood')));
    // One of its own, twenty of the bucket.
    expect(outcomes.filter((isRefused) => !isRefused)).toHaveLength(21);
    const { leases } = limits;
    expect(leases).toBe(21);
    for (let n = 0; n < 50; n += 1) expect(await refused(limits, 'flood')).toBe(true);
    expect(limits.leases).toBe(leases);
    clock += 60_000;
    expect(await refused(limits, 'flood')).toBe(false);
    await limits.end();
  });

  it('gives no token twice: the row of a key is locked while its level is read', async () => {
    const key = Buffer.alloc(32, 1);
    const granted = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const { rows } = await db.query<{ granted: number }>(
          "select granted from auth.lease_requests('address', $1, 100, 10)",
          [key],
        );
        return rows[0]?.granted ?? 0;
      }),
    );
    const total = granted.reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(100);
    expect(total).toBeLessThan(110);
  });

  it('fills a bucket again in a minute, and says when there is something in it', async () => {
    const key = Buffer.alloc(32, 2);
    const lease = async (wanted: number) =>
      (
        await db.query("select granted, retry_after from auth.lease_requests('address', $1, 60, $2)", [
          key,
          wanted,
        ])
      ).rows[0];
    expect(await lease(100)).toEqual({ granted: 60, retry_after: null });
    expect(await lease(1)).toEqual({ granted: 0, retry_after: 1 });
    await db.query(
      "update auth.request_rates set updated_at = updated_at - interval '10 s' where key_hash = $1",
      [key],
    );
    expect(await lease(100)).toEqual({ granted: 10, retry_after: null });
    await db.query(
      "update auth.request_rates set updated_at = updated_at - interval '1 hour' where key_hash = $1",
      [key],
    );
    expect(await lease(100)).toEqual({ granted: 60, retry_after: null });
  });

  it('lets requests go on where the database does not say', async () => {
    const limits = limiter(20, 'postgres://stoa_auth@127.0.0.1:1/nothing');
    for (let n = 0; n < 5; n += 1) expect(await refused(limits, 'away')).toBe(false);
    await limits.end();
  });
});
