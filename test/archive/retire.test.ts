import { beforeAll, describe, expect, it } from 'vitest';
import { manifestKey } from '../../src/archive/manifest.ts';
import { archivePartition } from '../../src/archive/partition.ts';
import { partitionsToRetire, retirePartitions } from '../../src/archive/retire.ts';
import { withTableToMyself } from '../../src/archive/session.ts';
import { connect } from '../../src/postgres/connect.ts';
import { createUser } from '../harness/index.ts';
import { diesAt } from './kill.ts';
import { type ArchiveScene, archiveScene, now } from './scene.ts';

let scene: ArchiveScene;
let held: string;
beforeAll(async () => {
  scene = await archiveScene();
  held = await createUser(scene.db, { username: 'held_person' });
});

const partition = (parent: string, month: string): string =>
  `parts.${parent.replace('.', '_')}_2026_${month}`;

async function status(parent: string): Promise<unknown[]> {
  const { rows } = await scene.db.query(
    'select partition, status, reason from ops.partition_retirements where parent = $1 order by partition',
    [parent],
  );
  return rows;
}

/** What a legal hold on a person keeps in these tables, which have no foreign keys. */
async function followUsers(parent: string): Promise<void> {
  await scene.db.query(
    "insert into ops.hold_rules (table_name, kind, condition) values ($1, 'user', 'target.user_id = any (:held)')",
    [parent],
  );
}

async function place(reason: string): Promise<string> {
  const { rows } = await scene.db.query<{ id: string }>("select ops.place_hold('user', $1, $2) as id", [
    held,
    reason,
  ]);
  return rows[0]?.id ?? '';
}

describe('retiring partitions', () => {
  it('exports, reads back and drops what is past its time, and nothing younger', async () => {
    const parent = await scene.months('pears');
    expect(await partitionsToRetire(scene.session.client, { parents: [parent], now })).toMatchObject([
      { partition: partition(parent, '03'), outcome: 'due' },
      { partition: partition(parent, '04'), outcome: 'due' },
    ]);
    expect(await retirePartitions(scene.session, { parents: [parent], now })).toMatchObject([
      { partition: partition(parent, '03'), outcome: 'dropped', archivedRows: 10 },
      { partition: partition(parent, '04'), outcome: 'dropped', archivedRows: 10 },
    ]);
    expect(await scene.partitions(parent)).toEqual([partition(parent, '05'), partition(parent, '06')]);
    expect(Object.keys(await scene.stored(`archives/${parent}/`))).toHaveLength(4);
    const { rows } = await scene.db.query(
      'select count(*)::int as done from ops.archive_exports where parent = $1 and verified_at is not null and dropped_at is not null',
      [parent],
    );
    expect(rows).toEqual([{ done: 2 }]);
    expect(await retirePartitions(scene.session, { parents: [parent], now })).toEqual([]);
  });

  it('exports nothing of a table that is not exported, nor of a partition without rows', async () => {
    const plain = await scene.months('plums', { isExported: false });
    expect(await retirePartitions(scene.session, { parents: [plain], now })).toMatchObject([
      { outcome: 'dropped', archivedRows: null },
      { outcome: 'dropped', archivedRows: null },
    ]);
    const empty = await scene.months('figs');
    await scene.db.query(`delete from ${empty} where at < '2026-04-01'`);
    expect(await retirePartitions(scene.session, { parents: [empty], now })).toMatchObject([
      { outcome: 'dropped', archivedRows: null },
      { outcome: 'dropped', archivedRows: 10 },
    ]);
  });

  it('exports again what was exported before it was detached, so that no later row is lost', async () => {
    const parent = await scene.months('dates');
    await archivePartition(scene.session, parent, partition(parent, '03'));
    await scene.db.query(`insert into ${parent} (at, number) values ('2026-03-20', 99)`);
    const [first] = await retirePartitions(scene.session, { parents: [parent], now });
    expect(first).toMatchObject({ outcome: 'dropped', archivedRows: 11 });
  });

  it('sums up before it detaches', async () => {
    const parent = await scene.months('nuts');
    await scene.db.query(`
      create table core.nut_sums (month text primary key, amount bigint);
      alter table core.nut_sums owner to stoa_owner;
      create function core.sum_nuts(p_partition text) returns void language plpgsql as $$
      begin
        execute format('insert into core.nut_sums select %L, count(*) from core.nuts where tableoid = %L::regclass on conflict do nothing', p_partition, p_partition);
      end $$;
      update ops.partition_policies set before_retire = 'core.sum_nuts' where parent = 'core.nuts';
    `);
    await retirePartitions(scene.session, { parents: [parent], now });
    const { rows } = await scene.db.query('select month, amount::int from core.nut_sums order by month');
    expect(rows).toEqual([
      { month: partition(parent, '03'), amount: 10 },
      { month: partition(parent, '04'), amount: 10 },
    ]);
  });

  it('is done by one process at a time', async () => {
    const parent = await scene.months('limes');
    const other = await connect(scene.db.url, 'test other');
    try {
      await withTableToMyself(other, parent, () =>
        expect(retirePartitions(scene.session, { parents: [parent], now })).rejects.toMatchObject({
          code: 'archive.busy',
        }),
      );
    } finally {
      await other.end();
    }
    expect(await retirePartitions(scene.session, { parents: [parent], now })).toHaveLength(2);
  });

  // The lock: DETACH … CONCURRENTLY waits for the reader without queueing ACCESS EXCLUSIVE on the table. With a plain
  // DETACH, the insert and the select below stand behind it until their lock_timeout.
  it('makes nobody wait while an old transaction reads the table, and finishes when that ends', async () => {
    const parent = await scene.months('limpets');
    const reader = await connect(scene.db.url, 'test reader');
    const other = await connect(scene.db.url, 'test writer');
    try {
      await reader.query('begin isolation level repeatable read');
      await reader.query(`select count(*) from ${parent}`);
      const retiring = retirePartitions(scene.session, { parents: [parent], now });
      for (;;) {
        const { rows } = await other.query<{ is_pending: boolean }>(
          'select bool_or(inhdetachpending) as is_pending from pg_catalog.pg_inherits where inhparent = $1::regclass',
          [parent],
        );
        if (rows[0]?.is_pending) break;
      }
      await other.query("set lock_timeout = '2s'");
      await other.query(`insert into ${parent} (at, number) values ('2026-06-20', 1)`);
      await other.query(`update ${parent} set note = 'seen' where at = '2026-06-20'`);
      const { rows: seen } = await other.query(`select count(*)::int as rows from ${parent}`);
      // Whoever begins now no longer sees the month that leaves.
      expect(seen).toEqual([{ rows: 31 }]);
      const { rows: still } = await reader.query(`select count(*)::int as rows from ${parent}`);
      expect(still).toEqual([{ rows: 40 }]);
      await reader.query('commit');
      expect(await retiring).toMatchObject([{ outcome: 'dropped' }, { outcome: 'dropped' }]);
    } finally {
      await reader.end();
      await other.end();
    }
  });

  it('gives up after its patience, says for whom it waits, and finalizes with the next run', async () => {
    const parent = await scene.months('mussels');
    const reader = await connect(scene.db.url, 'test long report');
    try {
      await reader.query('begin isolation level repeatable read');
      await reader.query(`select count(*) from ${parent}`);
      const [waits, ...others] = await retirePartitions(scene.session, {
        parents: [parent],
        now,
        patienceMs: 0,
      });
      expect(waits).toMatchObject({ outcome: 'waits', reason: expect.stringMatching(/test long report/) });
      expect(others).toEqual([]);
      const { rows } = await scene.db.query(
        'select count(*)::int as pending from pg_catalog.pg_inherits where inhdetachpending',
      );
      expect(rows).toEqual([{ pending: 1 }]);
    } finally {
      await reader.end();
    }
    expect(await retirePartitions(scene.session, { parents: [parent], now })).toMatchObject([
      { partition: partition(parent, '03'), outcome: 'dropped', archivedRows: 10 },
      { partition: partition(parent, '04'), outcome: 'dropped', archivedRows: 10 },
    ]);
  });
});

describe('a legal hold', () => {
  it('lets a partition be exported but not dropped, says why, and lets go when it is released', async () => {
    const parent = await scene.months('olives');
    await followUsers(parent);
    await scene.db.query(`update ${parent} set user_id = $1 where at < '2026-04-01' and number < 4`, [held]);
    const hold = await place('Case 17');
    const why = '3 of its rows are under a legal hold';
    expect(await partitionsToRetire(scene.session.client, { parents: [parent], now })).toMatchObject([
      { outcome: 'held', reason: why },
      { outcome: 'due' },
    ]);
    expect(await retirePartitions(scene.session, { parents: [parent], now })).toMatchObject([
      { partition: partition(parent, '03'), outcome: 'held', reason: why, archivedRows: 10 },
      { partition: partition(parent, '04'), outcome: 'dropped' },
    ]);
    expect(await scene.partitions(parent)).toHaveLength(3);
    expect(await status(parent)).toMatchObject([{ status: 'held', reason: why }, { status: 'dropped' }]);
    await scene.db.query('select * from ops.drop_expired_partitions($1, $2)', [parent, now]);
    expect(await scene.partitions(parent)).toHaveLength(3);

    await scene.db.query("select ops.release_hold($1, 'Over')", [hold]);
    await scene.db.query(`insert into ${parent} (at, number) values ('2026-03-20', 99)`);
    expect(await retirePartitions(scene.session, { parents: [parent], now })).toMatchObject([
      { partition: partition(parent, '03'), outcome: 'dropped', archivedRows: 11 },
    ]);
  });

  it('that is placed when the partition is detached already still keeps it', async () => {
    const parent = await scene.months('capers');
    await followUsers(parent);
    await scene.db.query(`update ${parent} set user_id = $1 where at < '2026-04-01'`, [held]);
    let hold = '';
    const retired = await retirePartitions(scene.session, {
      parents: [parent],
      now,
      onStep: (name, step) => {
        if (name !== partition(parent, '03') || step !== 'detached') return;
        // On the connection that retires, so that it comes before the drop.
        void scene.session.client
          .query<{ id: string }>("select ops.place_hold('user', $1, 'Case 18') as id", [held])
          .then(({ rows }) => {
            hold = rows[0]?.id ?? '';
          });
      },
    });
    expect(retired).toMatchObject([{ outcome: 'held', archivedRows: 10 }, { outcome: 'dropped' }]);
    expect(await scene.rows(partition(parent, '03'))).toHaveLength(10);
    // It is no table that nobody knows of.
    const { rows } = await scene.db.query<{ query: string }>(
      "select query from ops.invariants where name = 'ops.partitions.attached'",
    );
    expect((await scene.db.query(rows[0]?.query ?? '')).rows).toEqual([]);

    await scene.db.query("select ops.release_hold($1, 'Over')", [hold]);
    expect(await retirePartitions(scene.session, { parents: [parent], now })).toMatchObject([
      { partition: partition(parent, '03'), outcome: 'dropped', archivedRows: 10 },
    ]);
  });
});

describe('killed without warning', () => {
  it('at any of its steps, the next run ends where an undisturbed one does', async () => {
    const endOf = async (parent: string): Promise<unknown> => ({
      partitions: (await scene.partitions(parent)).length,
      rows: (await scene.rows(parent)).length,
      status: (await status(parent)).map((row) => (row as { status: string }).status),
      objects: Object.values(await scene.stored(`archives/${parent}/`)).length,
      archive:
        (await scene.session.storage.head(manifestKey(parent, partition(parent, '03'))))?.size !== undefined,
      exports: (
        await scene.db.query(
          `select row_count::int, verified_at is not null as verified, dropped_at is not null as dropped
           from ops.archive_exports where parent = $1 order by partition`,
          [parent],
        )
      ).rows,
    });
    const calm = await scene.months('calm_weeds');
    const { steps = 0 } = await diesAt(0, 'retire', scene.db, scene.folder, calm);
    expect(steps).toBeGreaterThan(40);
    const end = await endOf(calm);
    expect(end).toMatchObject({ partitions: 2, rows: 20, status: ['dropped', 'dropped'], objects: 4 });

    // Spread over the way of both partitions: before and after the detach, within the export, before the drop.
    const points = [12, 16, 21, 26, 31, Math.floor(steps * 0.8)];
    for (const point of points) {
      const parent = await scene.months(`weeds_${point}`);
      expect(await diesAt(point, 'retire', scene.db, scene.folder, parent)).toMatchObject({
        signal: 'SIGKILL',
      });
      await retirePartitions(scene.session, { parents: [parent], now });
      expect(await endOf(parent)).toEqual(end);
    }
  }, 60_000);
});
