import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

interface Job {
  readonly task_identifier: string;
  readonly key: string | null;
  readonly is_later: boolean;
}

async function jobs(): Promise<Job[]> {
  const { rows } = await db.query<Job>(
    'select task_identifier, key, run_at > now() as is_later from graphile_worker.jobs order by id',
  );
  return rows;
}

describe('core.enqueue', () => {
  it('adds a job when the transaction commits, and none when it does not', async () => {
    const client = await db.pool.connect();
    try {
      await client.query("begin; set local role stoa_owner; select core.enqueue('lost', '{}'); rollback");
    } finally {
      client.release();
    }
    await db.query(`select core.enqueue('kept', '{"user_id": 1}')`);
    expect(await jobs()).toEqual([{ task_identifier: 'kept', key: null, is_later: false }]);
  });

  it('replaces a waiting job with the same key, and can wait itself', async () => {
    await db.query("select core.enqueue('late', '{}', 'key-1', now() + interval '1 hour')");
    await db.query("select core.enqueue('late', '{}', 'key-1', now() + interval '2 hours')");
    expect((await jobs()).filter(({ key }) => key === 'key-1')).toEqual([
      { task_identifier: 'late', key: 'key-1', is_later: true },
    ]);
  });

  it('is out of reach for clients', async () => {
    const userId = await createUser(db, { username: 'client', role: 'admin' });
    await expect(
      db.as({ role: 'stoa_admin', userId }, (client) => client.query("select core.enqueue('x', '{}')")),
    ).rejects.toMatchObject({ code: '42501' });
  });
});
