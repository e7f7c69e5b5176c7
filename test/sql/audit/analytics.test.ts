import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type RequestRole, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
let admin: string;
beforeAll(async () => {
  db = await testDatabase();
  admin = await createUser(db, { username: 'boss', role: 'admin' });
});

async function track(name: string, properties: unknown = {}, person?: string): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query('set role stoa_worker');
    await client.query(`select audit.track($1, $2, sha256(convert_to($3, 'UTF8')))`, [
      name,
      JSON.stringify(properties),
      person,
    ]);
  } finally {
    await client.query('reset role');
    client.release();
  }
}

const counts = (role: RequestRole): Promise<unknown[]> =>
  db.as({ role, userId: admin }, async (client) => {
    const { rows } = await client.query(
      `select name, day = (now() at time zone 'UTC')::date as is_today, events::integer, people::integer
       from audit.event_counts(now() - interval '1 hour', now() + interval '1 hour')`,
    );
    return rows;
  });

describe('events of product analytics', () => {
  it('are counted by day, with the people behind them, for administrators alone', async () => {
    for (const person of ['ann', 'ann', 'bob', undefined])
      await track(' post_opened ', { from: 'feed' }, person);
    await track('search');
    expect(await counts('stoa_admin')).toEqual([
      { name: 'post_opened', is_today: true, events: 4, people: 2 },
      { name: 'search', is_today: true, events: 1, people: 0 },
    ]);
    await expect(counts('stoa_moderator')).rejects.toMatchObject({ code: '42501' });
  });

  it('have a name and an object of properties', async () => {
    expect(await reasonOf(track('odd', ['a list']))).toBe('input.malformed');
    expect(await reasonOf(track('  '))).toBe('input.empty');
    expect(await reasonOf(track('x'.repeat(101)))).toBe('input.too_long');
  });

  it('are dropped by the month once the whole month is older than 90 days', async () => {
    const month = async (at: string): Promise<string> => {
      const { rows } = await db.query<{ month: string }>(
        `select 'parts.audit_analytics_events_' || to_char(${at} at time zone 'UTC', 'YYYY_MM') as month`,
      );
      return rows[0]?.month ?? '';
    };
    const drop = async (at: string): Promise<unknown[]> => {
      const { rows } = await db.query<{ dropped: string }>(
        `select dropped from ops.drop_expired_partitions('audit.analytics_events', ${at}) as dropped`,
      );
      return rows.map(({ dropped }) => dropped);
    };
    const end = `(date_trunc('month', now() at time zone 'UTC') + interval '1 month') at time zone 'UTC'`;
    const current = await month('now()');
    expect(await drop(`${end} + interval '89 days'`)).not.toContain(current);
    expect(await drop(`${end} + interval '91 days'`)).toContain(current);
  });
});
