import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findMissing } from '../../../src/backup/wal/contiguity.ts';
import { formatLsn, placeOf } from '../../../src/backup/wal/position.ts';
import type { ReceiverSettings } from '../../../src/backup/wal/process.ts';
import {
  type ReceiverOptions,
  type RunningReceiver,
  startReceiver,
} from '../../../src/backup/wal/receiver.ts';
import { readReceiverStatus } from '../../../src/backup/wal/status.ts';
import { forkReceiver } from '../../../src/backup/wal/supervisor.ts';
import { listWal } from '../../../src/backup/wal-archive.ts';
import { exitCodes } from '../../../src/errors.ts';
import { connect } from '../../../src/postgres/connect.ts';
import { newFolder, openTestVault, plainLog, stopAll, TestServer } from './scene.ts';

const { folder, remove } = newFolder();
const server = new TestServer(folder, 'origin');
const segmentSize = 16 * 1024 ** 2;
let count = 0;
/** More of them, when somebody wants to be surer than a suite has time for. */
const kills = Number(process.env['STOA_WAL_KILLS'] ?? 3);
const deaths = Number(process.env['STOA_WAL_DEATHS'] ?? 1);

interface Place {
  readonly spool: string;
  readonly storage: string;
  readonly slot: string;
}

/** A spool, a storage and a slot that no other test has. */
function newPlace(): Place {
  count += 1;
  return {
    spool: join(folder, `spool-${count}`),
    storage: join(folder, `storage-${count}`),
    slot: `slot_${count}`,
  };
}

function optionsOf(place: Place, more: Partial<ReceiverOptions> = {}): ReceiverOptions {
  return {
    url: server.url,
    slot: place.slot,
    spoolFolder: place.spool,
    vault: openTestVault(place.storage),
    partialEveryMs: 200,
    spoolLimit: 1024 ** 3,
    stopPatienceMs: 2_000,
    ...more,
  };
}

const receivers: RunningReceiver[] = [];
function receive(place: Place, more: Partial<ReceiverOptions> = {}): RunningReceiver {
  const receiver = startReceiver(optionsOf(place, more));
  receivers.push(receiver);
  return receiver;
}

/** What a backup would be: the files of the server while it stands still. What is received from now on goes on from it. */
async function coldCopy(name: string): Promise<string> {
  await server.stop();
  const copy = join(folder, name);
  rmSync(copy, { recursive: true, force: true });
  server.copyTo(copy);
  await server.start();
  return copy;
}

async function serverLsn(): Promise<string> {
  return String((await server.query('select pg_current_wal_flush_lsn()::text as lsn'))[0]?.['lsn']);
}

async function hasReached(receiver: RunningReceiver, lsn: string): Promise<void> {
  await expect
    .poll(async () => {
      const { flushedLsn } = receiver.status();
      if (flushedLsn === undefined) return 'nothing yet';
      const [row] = await server.query(`select '${flushedLsn}'::pg_lsn >= '${lsn}'::pg_lsn as is_there`);
      return row?.['is_there'];
    })
    .toBe(true);
}

beforeAll(async () => {
  server.initialise();
  await server.start();
  await server.query(
    `create table kept (writer int, number int, filler text default repeat('x', 500), primary key (writer, number))`,
  );
});
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.stop();
});
afterAll(async () => {
  await stopAll();
  server.remove();
  remove();
});

describe('the receiver', () => {
  test('segments in the storage are those of the server, and the begun one follows while it grows', async () => {
    const place = newPlace();
    const receiver = receive(place);
    await hasReached(receiver, await serverLsn());
    await server.query(`insert into kept select 0, n from generate_series(1, 20000) as n`);
    await server.query('select pg_switch_wal()');
    await server.query(`insert into kept select 0, n from generate_series(20001, 20010) as n`);
    const lsn = await serverLsn();
    await hasReached(receiver, lsn);
    await expect.poll(async () => (await listWal(openTestVault(place.storage))).at(-1)).toMatch(/\.partial$/);
    await receiver.stop();
    const names = await plainLog(openTestVault(place.storage), place.spool, join(folder, 'plain-1'));
    expect(names.length).toBeGreaterThan(1);
    for (const name of names.slice(0, -1)) {
      const sent = readFileSync(join(server.data, 'pg_wal', name));
      expect(sent.equals(readFileSync(join(folder, 'plain-1', name))), name).toBe(true);
    }
  });
});

describe('a receiver that is killed', () => {
  test('leaves no gap and no other byte, whenever it happens', {
    timeout: 60_000 + kills * 15_000,
  }, async () => {
    const place = newPlace();
    // Every segment has to be there to be compared with.
    await server.query(`alter system set wal_keep_size = '8GB'`);
    await server.query('select pg_reload_conf()');
    const { vault: _, ...options } = optionsOf(place);
    const settings: ReceiverSettings = { ...options, recipients: [], storage: { storage: place.storage } };
    const load = (async () => {
      const client = await connect(server.url, 'load');
      for (let round = 0; round < 6 + kills; round += 1) {
        await client.query(
          `insert into kept select 1, n from generate_series($1::int, $1::int + 4999) as n`,
          [round * 5_000],
        );
      }
      await client.end();
    })();
    for (let round = 1; round <= kills; round += 1) {
      const connected = Promise.withResolvers<void>();
      const child = forkReceiver(settings, (news) => {
        if (JSON.stringify(news).includes('receiving')) connected.resolve();
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await connected.promise;
      // At a moment that nothing chose: after a number of events of the loop that differs each time.
      for (let turns = Math.floor(Math.random() * 4_000); turns > 0; turns -= 1)
        await new Promise(setImmediate);
      child.kill('SIGKILL');
      await ended;
    }
    await load;
    const receiver = receive(place);
    await hasReached(receiver, await serverLsn());
    await receiver.stop();
    const names = await plainLog(openTestVault(place.storage), place.spool, join(folder, 'plain-2'));
    const starts = names.map((name) => placeOf(name, segmentSize).start);
    for (const [index, start] of starts.slice(1).entries())
      expect(start - (starts[index] ?? 0n)).toBe(BigInt(segmentSize));
    for (const name of names.slice(0, -1)) {
      const sent = readFileSync(join(server.data, 'pg_wal', name));
      expect(sent.equals(readFileSync(join(folder, 'plain-2', name))), name).toBe(true);
    }
    expect(receiver.status().gaps).toEqual([]);
    await server.query('alter system reset wal_keep_size');
    await server.query('select pg_reload_conf()');
  });
});

describe('what cannot go on', () => {
  test('nothing more is taken while the storage takes nothing, and nothing is dropped', async () => {
    const place = newPlace();
    // A slot reserves what was written since.
    await server.query('checkpoint');
    // A file where the folder of the storage is to be.
    writeFileSync(place.storage, '');
    const receiver = receive(place, { spoolLimit: segmentSize, longestUploadWaitMs: 100 });
    await hasReached(receiver, await serverLsn());
    for (const first of [1, 2, 3, 4]) {
      await server.query(
        `insert into kept select 2, n from generate_series(${first * 1_000}, ${first * 1_000 + 999}) as n`,
      );
      await server.query('select pg_switch_wal()');
    }
    await server.query(`insert into kept values (2, 0)`);
    const lsn = await serverLsn();
    await expect.poll(() => receiver.status().state).toBe('spool full');
    const { flushedLsn } = receiver.status();
    const [before] = await server.query(
      `select restart_lsn <= '${flushedLsn}'::pg_lsn as is_honest, '${flushedLsn}'::pg_lsn < '${lsn}'::pg_lsn as is_behind
       from pg_replication_slots where slot_name = '${place.slot}'`,
    );
    expect(before).toEqual({ is_honest: true, is_behind: true });

    rmSync(place.storage);
    await hasReached(receiver, lsn);
    await receiver.stop();
    const names = await listWal(openTestVault(place.storage));
    expect(findMissing(names, segmentSize)).toEqual([]);
    expect(receiver.status().gaps).toEqual([]);
  });

  test('a spool that is taken away is told, and ends no process', async () => {
    const place = newPlace();
    const problems: unknown[] = [];
    const receiver = receive(place, { partialEveryMs: 20, onProblem: (error) => problems.push(error) });
    await hasReached(receiver, await serverLsn());
    rmSync(place.spool, { recursive: true });
    await expect.poll(() => problems.map(String)).toContainEqual(expect.stringContaining('ENOENT'));
    await receiver.stop();
  });

  test('a disk that takes no more ends the receiver, which confirmed nothing that is not there', async () => {
    const place = newPlace();
    const { vault: _, ...options } = optionsOf(place);
    const settings: ReceiverSettings = { ...options, recipients: [], storage: { storage: place.storage } };
    const program = join(import.meta.dirname, '../../../src/backup/wal/process.ts');
    // No file may grow beyond 2 MB.
    const child = spawn(
      'sh',
      ['-c', 'trap "" XFSZ; ulimit -f 4096; exec "$0" "$1"', process.execPath, program],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    const news: unknown[] = [];
    child.on('message', (message) => news.push(message));
    child.send(settings);
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    await expect.poll(() => news).toContainEqual({ kind: 'state', state: 'receiving' });
    await server.query(`insert into kept select 3, n from generate_series(1, 20000) as n`);
    expect(await ended).toBe(exitCodes.database);
    expect(JSON.stringify(news)).toContain('cannot be kept');
    const begun = readdirSync(place.spool).filter((name) => name.endsWith('.partial'));
    const end =
      placeOf(String(begun[0]), segmentSize).start +
      BigInt(statSync(join(place.spool, String(begun[0]))).size);
    const [slot] = await server.query(
      `select restart_lsn <= '${formatLsn(end)}'::pg_lsn as is_honest from pg_replication_slots where slot_name = '${place.slot}'`,
    );
    expect(slot).toEqual({ is_honest: true });
  });

  test('a slot that the server gave up is made again, and the gap asks for a backup', async () => {
    const place = newPlace();
    const first = receive(place);
    await hasReached(first, await serverLsn());
    await first.stop();
    await server.query(`alter system set max_slot_wal_keep_size = '1MB'`);
    await server.query('select pg_reload_conf()');
    for (let segment = 0; segment < 4; segment += 1) {
      await server.query(`insert into kept values (4, ${segment})`);
      await server.query('select pg_switch_wal()');
    }
    await server.query('checkpoint');
    await server.query('alter system reset max_slot_wal_keep_size');
    await server.query('select pg_reload_conf()');
    const [slot] = await server.query(
      `select wal_status from pg_replication_slots where slot_name = '${place.slot}'`,
    );
    expect(slot).toEqual({ wal_status: 'lost' });
    const gaps: unknown[] = [];
    const second = receive(place, { onGap: (gap) => gaps.push(gap) });
    await hasReached(second, await serverLsn());
    expect(gaps).toHaveLength(1);
    expect(second.status()).toMatchObject({ gaps: [{ timeline: 1 }], backupWantedSince: expect.any(String) });
    await second.stop();
    expect(findMissing(await listWal(openTestVault(place.storage)), segmentSize)).toHaveLength(1);
  });

  test('only one receives into a spool, and only from one cluster', async () => {
    const place = newPlace();
    const { vault: _, ...options } = optionsOf(place);
    const settings: ReceiverSettings = { ...options, recipients: [], storage: { storage: place.storage } };
    const child = forkReceiver(settings, () => {});
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await expect.poll(() => readReceiverStatus(place.spool)?.state).toBe('receiving');
    expect(() => receive(place)).toThrow(expect.objectContaining({ code: 'wal.running' }));
    // It ends with whoever started it.
    child.disconnect();
    await ended;
    const other = new TestServer(folder, 'other');
    other.initialise();
    await other.start();
    await expect(receive(place, { url: other.url }).ended).rejects.toMatchObject({
      code: 'wal.other_cluster',
    });
    await other.stop('immediate');
    other.remove();
  });
});

describe('a server that begins a new timeline', () => {
  test('is followed, by a receiver that watched and by one that was away', async () => {
    const copy = await coldCopy('copy-for-a-standby');
    const standby = new TestServer(folder, 'standby');
    standby.prepareStandby(copy);
    await standby.start({
      primary_conninfo: `host=127.0.0.1 port=${server.port} user=postgres`,
      hot_standby: 'on',
    });
    const watching = newPlace();
    const away = newPlace();
    const watcher = receive(watching, { url: standby.url });
    const leaver = receive(away, { url: standby.url });
    const lsn = await serverLsn();
    await hasReached(watcher, lsn);
    await hasReached(leaver, lsn);
    await leaver.stop();
    await server.query('insert into kept values (5, 1)');
    await hasReached(watcher, await serverLsn());
    await standby.query('select pg_promote()');
    await standby.query('insert into kept values (5, 2)');
    await standby.query('select pg_switch_wal()');
    await standby.query('insert into kept values (5, 3)');
    const end = String((await standby.query('select pg_current_wal_flush_lsn()::text as lsn'))[0]?.['lsn']);
    const back = receive(away, { url: standby.url });
    for (const [receiver, place] of [
      [watcher, watching],
      [back, away],
    ] as const) {
      await expect.poll(() => receiver.status().timeline).toBe(2);
      await hasReached(receiver, end);
      await receiver.stop();
      const names = await listWal(openTestVault(place.storage));
      expect(names).toContain('00000002.history');
      expect(findMissing(names, segmentSize)).toEqual([]);
      expect(receiver.status().gaps).toEqual([]);
    }
    await standby.stop('immediate');

    const plain = join(folder, 'plain-timeline');
    await plainLog(openTestVault(away.storage), away.spool, plain);
    const restored = new TestServer(folder, 'followed');
    restored.prepareRecovery(copy, plain);
    await restored.start({ restore_command: `cp "${plain}/%f" "%p"` });
    await expect
      .poll(async () => (await restored.query('select pg_is_in_recovery() as yes'))[0]?.['yes'])
      .toBe(false);
    const rows = await restored.query('select number from kept where writer = 5 order by number');
    expect(rows.map(({ number }) => number)).toEqual([1, 2, 3]);
    await restored.stop('immediate');
    restored.remove();
    standby.remove();
  });
});

describe('a server that dies with its disk', () => {
  const rounds = Array.from({ length: deaths }, (_, index) => index + 1);
  test.each(rounds)(
    'loses no transaction that it had confirmed to its synchronous receiver (%i)',
    async (round) => {
      if (round > 1) {
        server.putBack(join(folder, 'copy-before-the-death'));
        await server.start();
      }
      const copy = await coldCopy('copy-before-the-death');
      const place = newPlace();
      const receiver = receive(place);
      await hasReached(receiver, await serverLsn());
      await server.query(`alter system set synchronous_standby_names = '${place.slot}'`);
      await server.query('select pg_reload_conf()');

      // The witness: what was confirmed to somebody outside.
      const confirmed: string[] = [];
      const writers = await Promise.all(
        [10, 11, 12, 13].map(async (writer) => ({ writer, client: await connect(server.url, 'load') })),
      );
      const enough = Promise.withResolvers<void>();
      const writing = writers.map(async ({ writer, client }) => {
        for (let number = 0; ; number += 1) {
          await client.query('insert into kept (writer, number) values ($1, $2)', [writer, number]);
          confirmed.push(`${writer}/${number}`);
          if (confirmed.length >= 800) enough.resolve();
        }
      });
      const outcomes = Promise.allSettled(writing);
      await enough.promise;
      await server.die();
      await outcomes;
      await receiver.stop();

      const plain = join(folder, `plain-death-${round}`);
      await plainLog(openTestVault(place.storage), place.spool, plain);
      const restored = new TestServer(folder, 'restored');
      restored.prepareRecovery(copy, plain);
      await restored.start({ restore_command: `cp "${plain}/%f" "%p"`, synchronous_standby_names: '' });
      await expect
        .poll(async () => (await restored.query('select pg_is_in_recovery() as yes'))[0]?.['yes'])
        .toBe(false);
      const rows = await restored.query<{ key: string }>(
        `select writer || '/' || number as key from kept where writer >= 10`,
      );
      const found = new Set(rows.map(({ key }) => key));
      expect(confirmed.filter((key) => !found.has(key))).toEqual([]);
      // One write a connection may have been on its way to its confirmation.
      expect(found.size - confirmed.length).toBeLessThanOrEqual(4);
      await restored.stop('immediate');
      restored.remove();
    },
  );

  test('and one that is put back without a new timeline is refused', async () => {
    const place = newPlace();
    const copy = join(folder, 'copy-before-the-death');
    server.putBack(copy);
    await server.start();
    const first = receive(place);
    await server.query('insert into kept values (6, 1)');
    await hasReached(first, await serverLsn());
    await first.stop();
    await server.stop();
    server.putBack(copy);
    await server.start();
    await expect(receive(place).ended).rejects.toMatchObject({ code: 'wal.diverged' });
  });
});
