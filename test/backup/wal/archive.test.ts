import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReplication } from '../../../src/backup/replication/connection.ts';
import { openVault } from '../../../src/backup/vault.ts';
import { findMissing } from '../../../src/backup/wal/contiguity.ts';
import { judgeWal, type WalState } from '../../../src/backup/wal/inspect.ts';
import { formatLsn, parseHistory, parseLsn, placeOf, segmentName } from '../../../src/backup/wal/position.ts';
import { pushWal } from '../../../src/backup/wal/push.ts';
import { archiveWal, findWal, listWal } from '../../../src/backup/wal-archive.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { testDatabase } from '../../harness/index.ts';
import { configOf, runJob } from '../../jobs/queue.ts';
import { newFolder, openTestVault, stopAll, TestServer } from './scene.ts';

const { folder, remove } = newFolder();
const segmentSize = 16 * 1024 ** 2;
afterAll(remove);

describe('positions', () => {
  test('are what the server calls them, beyond four gigabytes too', () => {
    for (const text of ['0/0', '0/1A2B3C4D', '1/0', 'FFFFFFFF/FFFFFFFF'])
      expect(formatLsn(parseLsn(text))).toBe(text);
    expect(segmentName(1, parseLsn('0/1000000'), segmentSize)).toBe('000000010000000000000001');
    expect(segmentName(26, parseLsn('2/FF000010'), segmentSize)).toBe('0000001A00000002000000FF');
    expect(segmentName(1, parseLsn('1/40000000'), 1024 ** 3)).toBe('000000010000000100000001');
    expect(placeOf('0000001A00000002000000FF.partial', segmentSize)).toEqual({
      timeline: 26,
      start: parseLsn('2/FF000000'),
    });
    expect(parseHistory('1\t0/9000000\tno recovery target specified\n\n2\t0/A000100\tx\n')).toEqual([
      { timeline: 1, end: parseLsn('0/9000000') },
      { timeline: 2, end: parseLsn('0/A000100') },
    ]);
  });
});

describe('what is missing', () => {
  const name = (timeline: number, number: number): string =>
    segmentName(timeline, BigInt(number) * BigInt(segmentSize), segmentSize);

  test('is found between segments, at the backup, and across timelines', () => {
    const whole = [name(1, 3), name(1, 4), `${name(1, 5)}.partial`];
    expect(findMissing(whole, segmentSize)).toEqual([]);
    expect(findMissing([name(1, 3), name(1, 7)], segmentSize)).toEqual([
      { first: name(1, 4), last: name(1, 6), count: 3 },
    ]);
    const from = { timeline: 1, lsn: BigInt(2 * segmentSize) };
    expect(findMissing(whole, segmentSize, from)).toEqual([
      { first: name(1, 2), last: name(1, 2), count: 1 },
    ]);
    // What is older than the backup is nobody's concern.
    expect(
      findMissing([name(1, 0), ...whole], segmentSize, { timeline: 1, lsn: BigInt(3 * segmentSize) }),
    ).toEqual([]);
    expect(findMissing([...whole, '00000002.history', name(2, 5), name(2, 6)], segmentSize)).toEqual([]);
    expect(findMissing([...whole, name(2, 7)], segmentSize)).toEqual([
      { first: name(2, 6), last: name(2, 6), count: 1 },
    ]);
  });
});

describe('what an operator is told', () => {
  const good: WalState = {
    serverLsn: '0/5000000',
    isArchiving: false,
    slotLimitBytes: 8_000_000_000,
    slot: {
      name: 'x',
      isActive: true,
      walStatus: 'reserved',
      restartLsn: '0/5000000',
      safeBytes: 7_900_000_000,
      keptBytes: 0,
      isSynchronous: false,
    },
    archive: {
      segments: 3,
      last: 'x',
      lastLsn: '0/5000000',
      lastAt: '2026-11-21T00:00:00Z',
      lagBytes: 10,
      lagSeconds: 20,
      missing: [],
    },
    newestBackup: undefined,
  };
  const slot = (change: Partial<NonNullable<WalState['slot']>>): WalState => {
    if (good.slot === undefined) throw new Error('it has one');
    return { ...good, slot: { ...good.slot, ...change } };
  };
  const archive = (change: Partial<WalState['archive']>): WalState => ({
    ...good,
    archive: { ...good.archive, ...change },
  });
  test.each<[string, WalState, boolean, string[]]>([
    ['nothing while all is well', good, true, []],
    ['nothing where nobody keeps the log', { ...good, slot: undefined }, false, []],
    ['that nobody receives', { ...good, slot: undefined }, true, ['wal_not_received']],
    ['that the receiver is away', slot({ isActive: false }), false, ['wal_not_received']],
    ['that the slot is lost', slot({ isActive: false, walStatus: 'lost' }), true, ['wal_slot_lost']],
    ['that it soon is', slot({ safeBytes: 1_000_000_000 }), true, ['wal_slot_at_risk']],
    [
      'that it may fill the disk',
      { ...slot({ safeBytes: null }), slotLimitBytes: null },
      true,
      ['wal_slot_unbounded'],
    ],
    ['that the storage is late', archive({ lagSeconds: 301 }), true, ['wal_archive_late']],
    [
      'that something is missing',
      archive({ missing: [{ first: 'a', last: 'b', count: 2 }] }),
      true,
      ['wal_gap'],
    ],
    [
      'that archive_command is late',
      { ...archive({ lagSeconds: 301 }), slot: undefined, isArchiving: true },
      false,
      ['wal_archive_late'],
    ],
  ])('%s', (_what, state, isWanted, names) => {
    expect(judgeWal(state, 'x', isWanted).map(({ name }) => name)).toEqual(names);
  });
});

describe('archive_command', () => {
  const server = new TestServer(folder, 'pushing');
  const vault = openTestVault(join(folder, 'pushed'));
  let segment = '';
  beforeAll(async () => {
    server.initialise();
    await server.start();
    await server.query('select pg_switch_wal()');
    segment = join(
      server.data,
      'pg_wal',
      String(readdirSync(join(server.data, 'pg_wal')).find((name) => /^[0-9A-F]{24}$/.test(name))),
    );
  });
  afterAll(async () => {
    await stopAll();
    server.remove();
  });

  test('stores a segment once, takes the same again, and refuses another of its name', async () => {
    expect(await pushWal(vault, segment, server.data)).toBe('archived');
    expect(await pushWal(vault, segment, server.data)).toBe('present');
    const other = join(folder, 'other');
    mkdirSync(other, { recursive: true });
    const changed = join(other, String(segment.split('/').at(-1)));
    const bytes = readFileSync(segment);
    bytes.writeUInt8(bytes.readUInt8(5_000) ^ 1, 5_000);
    writeFileSync(changed, bytes);
    await expect(pushWal(vault, changed, server.data)).rejects.toMatchObject({
      code: 'wal.different',
      exitCode: 1,
    });
    // The file is overwritten by the server once it was taken: what is stored is a copy of it.
    const kept = await listWal(vault);
    expect(kept).toEqual([segment.split('/').at(-1)]);
  });

  test('passes over notes of backups, and refuses what is no log and what is another’s', async () => {
    expect(
      await pushWal(
        vault,
        join(server.data, 'pg_wal', '000000010000000000000002.00000028.backup'),
        server.data,
      ),
    ).toBe('not needed');
    await expect(pushWal(vault, join(server.data, 'PG_VERSION'), server.data)).rejects.toMatchObject({
      code: 'wal.not_wal',
    });
    const misnamed = join(folder, '0000000100000000000000AA');
    copyFileSync(segment, misnamed);
    await expect(pushWal(vault, misnamed, server.data)).rejects.toMatchObject({
      code: 'wal.foreign_segment',
    });
    const foreign = join(folder, 'foreign', 'global');
    mkdirSync(foreign, { recursive: true });
    writeFileSync(join(foreign, 'pg_control'), Buffer.alloc(8, 7));
    await expect(pushWal(vault, segment, join(folder, 'foreign'))).rejects.toMatchObject({
      code: 'wal.foreign_segment',
    });
  });
});

describe('a beginning that is replaced by a longer one', () => {
  test('is there whole, the old or the new, wherever the replacement is cut off', async () => {
    const vault = openTestVault(join(folder, 'growing'));
    const name = '000000010000000000000001.partial';
    const read = async (): Promise<number> => {
      const wal = await findWal(vault, name);
      if (wal === undefined) throw new Error('it is gone');
      return (await buffer(await vault.read(wal.artifact))).length;
    };
    await archiveWal(vault, name, Buffer.alloc(1_000, 1), '1');
    for (const cutOff of ['put', 'delete'] as const) {
      const storage: Storage = {
        ...vault.storage,
        [cutOff]: async (key: string, ...rest: [Buffer]) => {
          if (cutOff === 'delete' || key.endsWith('.json')) throw new Error('cut off');
          return vault.storage.put(key, ...rest);
        },
      };
      const cut = openVault({ storage, recipients: [], identities: [] });
      const longer = Buffer.alloc((await read()) + 1_000, 2);
      await expect(archiveWal(cut, name, longer, '1')).rejects.toThrow('cut off');
      expect(await read()).toBe(cutOff === 'put' ? 1_000 : 2_000);
    }
    await archiveWal(vault, name, Buffer.alloc(5_000, 3), '1');
    expect(await read()).toBe(5_000);
    expect(await listWal(vault)).toEqual([name]);
  });
});

describe('the check of every five minutes', () => {
  test('asks for a backup when there is a gap, and says what it saw', async () => {
    const db = await testDatabase();
    const slot = `test_${db.name.slice(-12)}`;
    const storage = join(folder, 'checked');
    const vault = openTestVault(storage);
    const config = await configOf(db, {
      STOA_BACKUP_STORAGE: storage,
      STOA_BACKUP_WAL_SLOT: slot,
      STOA_DATA_DIR: join(folder, 'no-data'),
    });
    const run = async (task: 'wal_check' | 'heartbeat') => {
      await runJob(config, task);
      const { rows } = await db.query(
        `select status, detail from ops.job_runs where task = $1 order by id desc limit 1`,
        [task],
      );
      return rows[0];
    };
    try {
      expect(await run('wal_check')).toMatchObject({ status: 'ok', detail: { findings: [] } });
      await db.query('select pg_create_physical_replication_slot($1, true)', [slot]);
      for (const number of [1, 4]) {
        await archiveWal(
          vault,
          segmentName(1, BigInt(number * segmentSize), segmentSize),
          Buffer.alloc(100),
          '1',
        );
      }
      expect(await run('wal_check')).toMatchObject({
        status: 'ok',
        detail: {
          findings: expect.arrayContaining(['wal_gap', 'wal_not_received']),
          lagBytes: expect.any(Number),
        },
      });
      const { rows } = await db.query(
        `select task_identifier from graphile_worker.jobs where key = 'backup_base'`,
      );
      expect(rows).toEqual([{ task_identifier: 'backup_base' }]);
      await run('heartbeat');
      await run('heartbeat');
      expect(
        (await db.query(`select from ops.heartbeat where beat_at > now() - interval '1 minute'`)).rowCount,
      ).toBe(1);
      const figures = await db.query<{ figure: string }>('select figure from ops.backup_figures()');
      expect(figures.rows.map(({ figure }) => figure)).toContain('wal_lag_bytes');
    } finally {
      await db.query(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
        [slot],
      );
    }
  });

  test('asks for the first backup where the log is received and there is none to go on from', async () => {
    const db = await testDatabase();
    const slot = `test_${db.name.slice(-12)}`;
    const config = await configOf(db, {
      STOA_BACKUP_STORAGE: join(folder, 'first'),
      STOA_BACKUP_WAL_SLOT: slot,
      STOA_DATA_DIR: join(folder, 'no-data'),
    });
    const asked = async (): Promise<number | null> => {
      await runJob(config, 'wal_check');
      return (await db.query("select from graphile_worker.jobs where key = 'backup_base'")).rowCount;
    };
    await db.query('select pg_create_physical_replication_slot($1, true)', [slot]);
    const receiving = await openReplication(db.url, 'test');
    try {
      expect(await asked()).toBe(0);
      const { rows } = await db.query<{ lsn: string }>(
        'select restart_lsn::text as lsn from pg_replication_slots where slot_name = $1',
        [slot],
      );
      receiving.query(`START_REPLICATION SLOT ${slot} PHYSICAL ${rows[0]?.lsn}`).catch(() => undefined);
      await expect
        .poll(
          async () =>
            (await db.query('select from pg_replication_slots where slot_name = $1 and active', [slot]))
              .rowCount,
        )
        .toBe(1);
      expect(await asked()).toBe(1);
    } finally {
      receiving.connection.stream.destroy();
      await expect
        .poll(() =>
          db
            .query('select pg_drop_replication_slot($1)', [slot])
            .then(() => 'gone')
            .catch(({ code }: { code?: string }) => code),
        )
        .toBe('gone');
    }
  });
});
