import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anchorLog, sealLog, verifyLog } from '../../../src/audit/seals.ts';
import { folderStorage } from '../../../src/storage/folder.ts';
import { type TestDatabase, testDatabase } from '../../harness/index.ts';

let db: TestDatabase;
const root = mkdtempSync(join(tmpdir(), 'stoa-anchors-'));
const storage = folderStorage(root);
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function record(action: string): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `select audit.record($1, 'core.users', p_new_values => '{"flags": 1}', p_reason => 'because') as id`,
    [action],
  );
  return rows[0]?.id ?? '';
}

/** As somebody who may do anything and hides it: no trigger fires. Taken back afterwards. */
async function tampered(
  statement: string,
  values: readonly unknown[],
  look: (client: pg.PoolClient) => Promise<void>,
) {
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    const { rowCount } = await client.query(statement, [...values]);
    expect(rowCount).toBeGreaterThan(0);
    await look(client);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

let entries: string[];
beforeAll(async () => {
  db = await testDatabase();
  await sealLog(db.pool);
  entries = [];
  for (let seal = 0; seal < 3; seal += 1) {
    for (let entry = 0; entry < 3; entry += 1) entries.push(await record(`test.${seal}.${entry}`));
    await sealLog(db.pool);
  }
});

describe('the seals of the audit log', () => {
  it('hold when nothing was changed, and tell what is not sealed yet', async () => {
    const before = await verifyLog(db.pool);
    expect(before).toMatchObject({ unsealed: 0, faults: [] });
    const young = await record('test.young');
    expect(await verifyLog(db.pool)).toMatchObject({ entries: before.entries, unsealed: 1, faults: [] });
    await tampered(`update audit.logs set action = 'other' where id = $1`, [young], async (client) => {
      expect((await verifyLog(client)).faults).toEqual([{ what: 'changed', entry: young }]);
    });
    expect(await sealLog(db.pool)).toBe(1);
    expect(await sealLog(db.pool)).toBe(0);
  });

  it.each([
    ['the verb', `update audit.logs set action = 'nothing' where id = $1`, 'changed'],
    ['the actor', 'update audit.logs set actor_id = core.uuidv7() where id = $1', 'changed'],
    ['an image', `update audit.logs set new_values = '{"flags": 2}' where id = $1`, 'changed'],
    ['the reason', 'update audit.logs set reason = null where id = $1', 'changed'],
    [
      'the time',
      `update audit.logs set inserted_at = inserted_at + interval '1 microsecond' where id = $1`,
      'changed',
    ],
    ['the whole entry', 'delete from audit.logs where id = $1', 'deleted'],
  ])('find and locate an entry of which somebody changed or took away %s', async (_, statement, what) => {
    const entry = entries[4];
    const { rows } = await db.query<{ seal: string }>('select seal from audit.digests where log_id = $1', [
      entry,
    ]);
    await tampered(statement, [entry], async (client) => {
      expect((await verifyLog(client)).faults).toEqual([{ what, seal: Number(rows[0]?.seal), entry }]);
    });
    expect((await verifyLog(db.pool)).faults).toEqual([]);
  });

  it('find an entry that Stoa did not write', async () => {
    await tampered(
      `insert into audit.logs (actor_role, action, resource_type) values ('stoa_admin', 'test.forged', 'core.users') returning id`,
      [],
      async (client) => {
        const { rows } = await client.query(`select id from audit.logs where action = 'test.forged'`);
        expect((await verifyLog(client)).faults).toEqual([{ what: 'inserted', entry: rows[0].id }]);
      },
    );
  });

  it('find an entry that was passed off as scrubbed', async () => {
    const entry = entries[4];
    await tampered(
      `with marked as (
         update audit.digests as committed
         set salt = null, scrubbed_for = core.uuidv7(), scrubbed_digest = audit.personal_digest(entry, '')
         from (select id, actor_id, actor_role, action, resource_type, resource_id, resource_key, group_id, null::jsonb,
                 null::jsonb, null::text, ip_address, user_agent, request_id, inserted_at
               from audit.logs where id = $1) as blank
         cross join lateral (select row(blank.*)::audit.logs as entry) as whole
         where committed.log_id = $1
         returning 1
       )
       update audit.logs set old_values = null, new_values = null, reason = null where id = $1`,
      [entry],
      async (client) => {
        expect((await verifyLog(client)).faults).toMatchObject([{ what: 'changed', entry }]);
      },
    );
  });

  it('find a digest that was made to fit, by the seal that it is under', async () => {
    const entry = entries[4];
    const { rows } = await db.query<{ seal: string }>('select seal from audit.digests where log_id = $1', [
      entry,
    ]);
    await tampered(
      `with changed as (
         update audit.logs set action = 'nothing' where id = $1 returning *
       )
       update audit.digests as committed
       set digest = audit.entry_digest(row(changed.*)::audit.logs, committed.personal_digest)
       from changed where committed.log_id = $1`,
      [entry],
      async (client) => {
        expect((await verifyLog(client)).faults).toEqual([{ what: 'seal', seal: Number(rows[0]?.seal) }]);
      },
    );
  });

  it('find a chain that was made anew from there on, by the head that was anchored outside', async () => {
    expect(await anchorLog(db.pool, storage)).toBeGreaterThan(0);
    expect(await anchorLog(db.pool, storage)).toBeNull();
    expect(await verifyLog(db.pool, { storage })).toMatchObject({ anchors: 1, faults: [] });
    const head = (await verifyLog(db.pool)).head?.sequence;
    await tampered('delete from audit.logs where id = $1', [entries[4]], async (client) => {
      await client.query('update audit.digests set seal = null');
      await client.query('delete from audit.digests where log_id = $1', [entries[4]]);
      await client.query('delete from audit.seals');
      await sealLog(client);
      const { faults } = await verifyLog(client, { storage });
      expect(faults).toEqual([{ what: 'anchor', seal: head }]);
      expect((await verifyLog(client)).faults).toEqual([]);
    });
  });

  it('take what commits late under a later seal, and make no writer wait', async () => {
    const slow = await db.pool.connect();
    try {
      await slow.query('begin');
      const { rows } = await slow.query<{ id: string }>(
        `select audit.record('test.slow', 'core.users') as id`,
      );
      await record('test.quick');
      // While the slow writer holds its entry: the sealer does not wait for it, nor it for the sealer.
      expect(await sealLog(db.pool)).toBe(1);
      await slow.query('commit');
      expect(await verifyLog(db.pool)).toMatchObject({ unsealed: 1, faults: [] });
      expect(await sealLog(db.pool)).toBe(1);
      const { rows: order } = await db.query<{ is_later: boolean }>(
        `select late.seal > quick.seal as is_later
         from audit.digests as late, audit.digests as quick
         where late.log_id = $1
           and quick.log_id = (select id from audit.logs where action = 'test.quick')`,
        [rows[0]?.id],
      );
      expect(order).toEqual([{ is_later: true }]);
      expect((await verifyLog(db.pool)).faults).toEqual([]);
    } finally {
      slow.release();
    }
  });

  it('stay when a partition was dropped after its time', async () => {
    const client = await db.pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ id: string }>(
        `select core.uuidv7_floor(now() - interval '2 years') as id`,
      );
      const old = rows[0]?.id;
      await client.query(
        `insert into audit.logs (id, actor_role, action, resource_type) values ($1, 'x', 'test.old', 'core.users')`,
        [old],
      );
      await client.query('savepoint young');
      await sealLog(client);
      expect((await verifyLog(client)).faults).toEqual([]);
      // Its partition is there: an entry that is missing in it was deleted, however old.
      await client.query('set local session_replication_role = replica');
      await client.query('delete from audit.logs where id = $1', [old]);
      await client.query('set local session_replication_role = origin');
      expect((await verifyLog(client)).faults).toMatchObject([{ what: 'deleted', entry: old }]);
      await client.query('alter table audit.logs detach partition parts.audit_logs_history');
      expect((await verifyLog(client)).faults).toEqual([]);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});
