import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';

let db: TestDatabase;
let entry: string;
beforeAll(async () => {
  db = await testDatabase();
  const { rows } = await db.query<{ id: string }>(
    "select audit.record('test.begin', 'core.users', core.uuidv7()) as id",
  );
  entry = rows[0]?.id ?? '';
});

/** As the owner, whom no grant and no policy holds back. */
async function asOwner(statement: string): Promise<unknown> {
  const client = await db.pool.connect();
  try {
    await client.query('begin; set local role stoa_owner');
    return await client.query(statement);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

describe('the audit log', () => {
  it.each([
    ['update', "update audit.logs set action = 'nothing'"],
    ['delete', 'delete from audit.logs'],
    ['truncate', 'truncate audit.logs'],
    ['truncate of a partition', 'truncate parts.audit_logs_history'],
  ])('refuses %s, of its owner too', async (_, statement) => {
    await expect(asOwner(statement)).rejects.toMatchObject({ code: '23001' });
    const { rows } = await db.query('select action from audit.logs where id = $1', [entry]);
    expect(rows).toEqual([{ action: 'test.begin' }]);
  });

  it('refuses the same on every partition, those made later included', async () => {
    await db.query("select ops.ensure_partitions('audit.logs', now() + interval '2 months')");
    const { rows } = await db.query<{ partition: string }>(
      "select partition from ops.partition_bounds('audit.logs')",
    );
    expect(rows.length).toBeGreaterThan(5);
    for (const { partition } of rows) {
      await expect(asOwner(`truncate ${partition}`)).rejects.toMatchObject({ code: '23001' });
    }
    const {
      rows: [holder],
    } = await db.query<{ partition: string }>(
      'select tableoid::regclass::text as partition from audit.logs where id = $1',
      [entry],
    );
    await expect(asOwner(`delete from ${holder?.partition}`)).rejects.toMatchObject({ code: '23001' });
    await expect(asOwner(`update ${holder?.partition} set reason = 'x'`)).rejects.toMatchObject({
      code: '23001',
    });
  });

  it('knows who acted, in which role, from where and in which request', async () => {
    const userId = await createUser(db, { username: 'actor' });
    const requestId = '00000000-0000-7000-8000-00000000abcd';
    await db.as(
      { role: 'stoa_member', userId, ip: '203.0.113.7', requestId },
      (client) => client.query('select core.close_account()'),
      { commit: true },
    );
    const { rows } = await db.query(
      'select action, actor_role, resource_type, resource_id, host(ip_address) as ip, request_id from audit.logs where actor_id = $1',
      [userId],
    );
    expect(rows).toEqual([
      {
        action: 'account.close',
        actor_role: 'stoa_member',
        resource_type: 'core.users',
        resource_id: userId,
        ip: '203.0.113.7',
        request_id: requestId,
      },
    ]);
  });

  it('never holds secrets, whatever the images of a row contain', async () => {
    await db.query(`
      select audit.record(
        'test.redact', 'auth.accounts',
        p_old_values => '{"email": "a@example.org", "password_hash": "x", "refresh_token": "y", "wallet_pin": "z"}',
        p_new_values => '{"flags": 1, "secret_ciphertext": "s", "token_hashes": []}'
      )
    `);
    const { rows } = await db.query(
      "select old_values, new_values from audit.logs where action = 'test.redact'",
    );
    expect(rows).toEqual([{ old_values: { email: 'a@example.org' }, new_values: { flags: 1 } }]);
  });

  it('cannot be written by any role of the API', async () => {
    await expect(
      db.as({ role: 'stoa_admin' }, (client) =>
        client.query("insert into audit.logs (actor_role, action, resource_type) values ('x', 'x', 'x')"),
      ),
    ).rejects.toMatchObject({ code: '42501' });
    await expect(
      db.as({ role: 'stoa_admin' }, (client) => client.query("select audit.record('x', 'x')")),
    ).rejects.toMatchObject({ code: '42501' });
  });

  it('is kept for a year by the month, and a month goes only once an export of it was read back', async () => {
    const client = await db.pool.connect();
    try {
      await client.query('begin');
      const end = `(date_trunc('month', now() at time zone 'UTC') + interval '1 month') at time zone 'UTC'`;
      const month = `'parts.audit_logs_' || to_char(now() at time zone 'UTC', 'YYYY_MM')`;
      const drop = async (after: string): Promise<unknown> => {
        const { rows } = await client.query(
          `select count(*)::integer as dropped
           from ops.drop_expired_partitions('audit.logs', ${end} + $1::interval) as dropped where dropped = ${month}`,
          [after],
        );
        return rows[0];
      };
      await client.query(
        `insert into ops.archive_exports (parent, partition, row_count, location, sha256)
         values ('audit.logs', ${month}, 1, 'x', '\\x00')`,
      );
      expect(await drop('370 days')).toEqual({ dropped: 0 });
      await client.query('update ops.archive_exports set verified_at = now()');
      expect(await drop('360 days')).toEqual({ dropped: 0 });
      expect(await drop('370 days')).toEqual({ dropped: 1 });
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

describe('changes to reference data', () => {
  it('are logged with both images of the row', async () => {
    const admin = await createUser(db, { username: 'boss', role: 'admin' });
    await db.as(
      { role: 'stoa_admin', userId: admin },
      (client) => client.query('update core.user_classes set color = 255 where id = 2'),
      { commit: true },
    );
    const { rows } = await db.query(
      `select action, resource_key, old_values -> 'color' as before, new_values -> 'color' as after
       from audit.logs where actor_id = $1`,
      [admin],
    );
    expect(rows).toEqual([{ action: 'row.update', resource_key: { id: 2 }, before: null, after: 255 }]);
  });
});
