import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../src/migrate/session.ts';
import { migrateUp } from '../../src/migrate/up.ts';
import { transactionPooler } from './pooler.ts';
import { emptyDatabase, project, session } from './project.ts';

describe('a pooler in transaction mode', () => {
  it.each(['rotate', 'last used first'] as const)('is detected and refused (%s)', async (order) => {
    const databaseUrl = await emptyDatabase();
    // The pooler of this test cannot prove a password.
    if (new URL(databaseUrl).password) return;
    const pooler = await transactionPooler(databaseUrl, order);
    onTestFinished(() => pooler.close());
    const throughPooler = await session(pooler.url);
    expect((await throughPooler.query('select 1 as one')).rows).toEqual([{ one: 1 }]);

    const failed = migrateUp({ databaseUrl: pooler.url, root: project().root });
    await expect(failed).rejects.toMatchObject({ code: 'migrate.transaction_pooler', exitCode: 4 });
    const client = await session(databaseUrl);
    expect((await client.query("select to_regnamespace('ops') as ops")).rows).toEqual([{ ops: null }]);
  });
});

describe('openSession', () => {
  it('explains a login that may not act as the owner', async () => {
    const databaseUrl = await emptyDatabase();
    const url = new URL(databaseUrl);
    url.username = 'stoa_gateway';
    url.password = 'stoa-test';
    await expect(openSession(url.toString())).rejects.toMatchObject({ code: 'migrate.role' });
  });

  it('explains a server that does not answer', async () => {
    await expect(openSession('postgres://nobody@127.0.0.1:1/none')).rejects.toMatchObject({
      code: 'database.unreachable',
    });
  });
});
