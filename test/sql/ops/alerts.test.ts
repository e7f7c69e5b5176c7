import { beforeEach, describe, expect, it } from 'vitest';
import { testDatabase } from '../../harness/index.ts';

const db = await testDatabase();

const raise = async (level: string, detail: object = {}, subject = 'audit.logs'): Promise<string> => {
  const { rows } = await db.query<{ id: string }>('select ops.raise_alert($1, $2, $3, $4) as id', [
    'partitions_low',
    level,
    subject,
    JSON.stringify(detail),
  ]);
  return rows[0]?.id ?? '';
};

const resolve = async (subject = 'audit.logs'): Promise<boolean | undefined> =>
  (await db.query<{ was: boolean }>("select ops.resolve_alert('partitions_low', $1) as was", [subject]))
    .rows[0]?.was;

const alerts = async () =>
  (
    await db.query(
      `select level, subject, detail, resolved_at is null as is_open, delivered_at is null as is_news
       from ops.alerts order by id`,
    )
  ).rows;

const deliveries = async (): Promise<number | null> =>
  (await db.query("select from graphile_worker.jobs where task_identifier = 'alert_deliver'")).rowCount;

const deliver = (): Promise<unknown> =>
  db.query('update ops.alerts set delivered_at = now(); delete from graphile_worker._private_jobs');

beforeEach(async () => {
  await db.query('delete from ops.alerts; delete from graphile_worker._private_jobs');
});

describe('ops.raise_alert', () => {
  it('keeps one open alert for each thing, with what was said last, and asks once to tell it', async () => {
    const first = await raise('warning', { ahead: 1 });
    expect(await raise('warning', { ahead: 1 })).toBe(first);
    expect(await raise('warning', { ahead: 0 })).toBe(first);
    await raise('warning', { ahead: 1 }, 'ledger.transactions');
    expect(await alerts()).toEqual([
      { level: 'warning', subject: 'audit.logs', detail: { ahead: 0 }, is_open: true, is_news: true },
      {
        level: 'warning',
        subject: 'ledger.transactions',
        detail: { ahead: 1 },
        is_open: true,
        is_news: true,
      },
    ]);
    expect(await deliveries()).toBe(1);
  });

  it('makes one alert when two raise it together', async () => {
    const ids = await Promise.all([
      raise('error', { n: 1 }),
      raise('error', { n: 2 }),
      raise('error', { n: 3 }),
    ]);
    expect(new Set(ids).size).toBe(1);
    expect(await alerts()).toHaveLength(1);
  });

  it('tells again when it gets worse, and not when a figure moves or it gets better', async () => {
    await raise('error', { ahead: 1 });
    await deliver();
    await raise('error', { ahead: 0 });
    await raise('warning', { ahead: 1 });
    expect(await deliveries()).toBe(0);
    await raise('critical', { ahead: 0 });
    expect(await deliveries()).toBe(1);
    expect(await alerts()).toMatchObject([{ level: 'critical', is_news: true }]);
  });

  it('opens a new one after the first is over', async () => {
    const first = await raise('error');
    await resolve();
    expect(await raise('error')).not.toBe(first);
    expect(await alerts()).toMatchObject([{ is_open: false }, { is_open: true }]);
  });

  it('refuses a level that does not exist, and a name that is none', async () => {
    await expect(raise('bad')).rejects.toMatchObject({ constraint: 'alerts_level_check' });
    await expect(db.query("select ops.raise_alert('No Name', 'info')")).rejects.toMatchObject({
      constraint: 'alerts_name_check',
    });
  });

  it('goes back with the transaction that raised it', async () => {
    const client = await db.pool.connect();
    await client.query(
      "begin; select ops.raise_alert('partitions_low', 'error', 'audit.logs', '{}'); rollback",
    );
    client.release();
    expect(await alerts()).toEqual([]);
    expect(await deliveries()).toBe(0);
  });
});

describe('ops.resolve_alert', () => {
  it('closes the open one and says whether there was one', async () => {
    await raise('error');
    expect(await resolve('ledger.transactions')).toBe(false);
    expect(await resolve()).toBe(true);
    expect(await resolve()).toBe(false);
  });

  it('asks to tell the end to those only who were told of the beginning', async () => {
    await raise('error');
    await db.query('delete from graphile_worker._private_jobs');
    await resolve();
    expect(await deliveries()).toBe(0);
    await raise('error');
    await deliver();
    await resolve();
    expect(await deliveries()).toBe(1);
  });
});

it('alerts are raised by the worker and by the owner, and by no role of the API', async () => {
  await expect(
    db.as({ role: 'stoa_admin' }, (client) => client.query("select ops.raise_alert('x', 'info')")),
  ).rejects.toMatchObject({ code: '42501' });
  const { rows } = await db.query(
    `select has_function_privilege('stoa_worker', 'ops.raise_alert(text, text, text, jsonb)', 'execute') as raises,
       has_function_privilege('stoa_worker', 'ops.resolve_alert(text, text)', 'execute') as resolves`,
  );
  expect(rows).toEqual([{ raises: true, resolves: true }]);
});

it('alerts that are over go after a year', async () => {
  await raise('error');
  await resolve();
  await raise('error');
  await db.query("select ops.run_retention('alerts', now() + interval '13 months')");
  expect(await alerts()).toMatchObject([{ is_open: true }]);
});
