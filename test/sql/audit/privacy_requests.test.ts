import type { QueryResult } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type RequestRole, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

function call(
  userId: string,
  expression: string,
  values: readonly unknown[] = [],
  role: RequestRole = 'stoa_member',
): Promise<QueryResult<{ id: string; kind: string; status: string; user_id: string; days: number }>> {
  return db.as(
    { role, userId },
    (client) =>
      client.query(
        `select id, kind, status, user_id, extract(day from not_before - inserted_at)::integer as days from ${expression}`,
        [...values],
      ),
    { commit: true },
  );
}

describe('a request about personal data', () => {
  it('for export is due at once, for erasure after a week', async () => {
    const id = await createUser(db, { username: 'curious' });
    expect((await call(id, 'audit.request_export()')).rows).toMatchObject([{ kind: 'export', days: 0 }]);
    expect((await call(id, 'audit.request_erasure()')).rows).toMatchObject([{ kind: 'erase', days: 7 }]);
  });

  it('is not made twice, however parallel', async () => {
    const id = await createUser(db, { username: 'eager' });
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => call(id, 'audit.request_export()')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await reasonOf(call(id, 'audit.request_export()'))).toBe('privacy.already_requested');
  });

  it('can be taken back while it waits, and made again', async () => {
    const id = await createUser(db, { username: 'doubtful' });
    const { rows } = await call(id, 'audit.request_erasure()');
    expect((await call(id, 'audit.cancel_request($1)', [rows[0]?.id])).rows).toMatchObject([
      { status: 'cancelled' },
    ]);
    expect(await reasonOf(call(id, 'audit.cancel_request($1)', [rows[0]?.id]))).toBe('privacy.not_pending');
    await call(id, 'audit.request_erasure()');
  });

  it('of somebody else is out of reach', async () => {
    const [id, other] = [
      await createUser(db, { username: 'discreet' }),
      await createUser(db, { username: 'nosy' }),
    ];
    const { rows } = await call(id, 'audit.request_export()');
    expect(await reasonOf(call(other, 'audit.cancel_request($1)', [rows[0]?.id]))).toBe('privacy.unknown');
    expect(await reasonOf(call(other, 'audit.request_erasure($1)', [id]))).toBe('role.insufficient');
  });

  it('for erasure can be made by an administrator for somebody else, with a reason in the log', async () => {
    const [id, admin] = [
      await createUser(db, { username: 'spammer' }),
      await createUser(db, { username: 'boss', role: 'admin' }),
    ];
    const { rows } = await call(admin, "audit.request_erasure($1, 'by letter')", [id], 'stoa_admin');
    expect(rows).toMatchObject([{ user_id: id, status: 'pending' }]);
    const log = await db.query('select actor_id, reason from audit.logs where resource_id = $1', [
      rows[0]?.id,
    ]);
    expect(log.rows).toEqual([{ actor_id: admin, reason: 'by letter' }]);
  });

  it('for erasure is refused while the person owns something', async () => {
    const id = await createUser(db, { username: 'landlord' });
    await db.query(`
      create table core.houses (id integer primary key, owner_id uuid);
      alter table core.houses owner to stoa_owner;
      insert into core.ownership_rules (table_name, owner_column, label) values ('core.houses', 'owner_id', 'houses');
    `);
    await db.query('insert into core.houses values (1, $1)', [id]);
    expect(await reasonOf(call(id, 'audit.request_erasure()'))).toBe('account.owns_things');
  });
});
