import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  listBackfills,
  pauseBackfill,
  resumeBackfill,
  retryBackfill,
  startBackfill,
} from '../../../src/migrate/backfill/control.ts';
import type { BackfillRecord } from '../../../src/migrate/backfill/record.ts';
import { runBackfill } from '../../../src/migrate/backfill/run.ts';
import { openSession } from '../../../src/migrate/session.ts';
import { migrateUp } from '../../../src/migrate/up.ts';
import { type TestDatabase, testDatabase } from '../../harness/index.ts';
import { session } from '../project.ts';
import { type Checkout, checkout } from './checkout.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

beforeEach(async () => {
  await db.query('drop table if exists core.probe; truncate ops.backfills');
});

/** A table of so many rows, each filled zero times. */
async function probe(rows: number): Promise<void> {
  await db.query(
    `create table core.probe (id integer primary key, filled integer not null default 0);
     alter table core.probe owner to stoa_owner;
     insert into core.probe select generate_series(1, ${rows}); analyze core.probe`,
  );
}

const name = '20300101000000_probe';

function declared(options: { readonly head?: string; readonly statement?: string } = {}): Checkout {
  const place = checkout();
  const { head = '', statement = 'update core.probe as target set filled = filled + 1 where :range' } =
    options;
  place.write(
    `migrations/core/${name}.backfill.sql`,
    `-- Why: a test.\n-- table: core.probe\n-- key: id\n${head}${statement};\n`,
  );
  return place;
}

async function run(onBatch?: (record: BackfillRecord) => void): Promise<BackfillRecord | undefined> {
  const { worker, watcher, close } = await openSession(db.url);
  try {
    return await runBackfill({ worker, watcher, name, ...(onBatch && { onBatch }) });
  } finally {
    await close();
  }
}

async function filled(): Promise<unknown> {
  const { rows } = await db.query(
    'select filled, count(*)::integer as rows from core.probe group by filled order by filled',
  );
  return rows;
}

/** A process that runs the backfill. `waits` resolves when the server says that its batch waits for a lock. */
function child(): { batches(count: number): Promise<void>; kill(): Promise<void>; ended: Promise<string> } {
  const program = fileURLToPath(new URL('backfill-process.ts', import.meta.url));
  const running = spawn(process.execPath, [program, db.url, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const listeners = new Set<() => void>();
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    for (const listener of listeners) listener();
  });
  const ended = new Promise<string>((resolve) => running.once('close', () => resolve(output)));
  onTestFinished(() => {
    running.kill('SIGKILL');
  });
  return {
    ended,
    batches: (count) =>
      new Promise((resolve) => {
        const listener = (): void => {
          if (output.split('\n').length > count) resolve();
        };
        listeners.add(listener);
        listener();
      }),
    async kill() {
      running.kill('SIGKILL');
      await ended;
    },
  };
}

async function waitsForLock(): Promise<void> {
  await expect
    .poll(async () => {
      const { rows } = await db.query<{ waits: boolean }>(
        `select exists (
           select from pg_stat_activity
           where application_name = 'stoa migrate' and wait_event_type = 'Lock' and query ~ 'run_backfill_batch'
         ) as waits`,
      );
      return rows[0]?.waits;
    })
    .toBe(true);
}

describe('a backfill', () => {
  it('that is killed twice, once between and once inside a batch, fills each row exactly once', async () => {
    await probe(20_000);
    await startBackfill('probe', {
      databaseUrl: db.url,
      root: declared({ head: '-- target: 20 ms\n' }).root,
    });
    // Nobody comes past this row while it is held, however fast the machine is.
    const holder = await session(db.url);
    await holder.query('begin; select from core.probe where id = 12000 for update');

    const first = child();
    await first.batches(2);
    await first.kill();
    const second = child();
    await second.batches(1);
    await waitsForLock();
    await second.kill();
    await holder.query('rollback');

    const third = child();
    expect(await third.ended).toContain('"state":"finished"');
    expect(await filled()).toEqual([{ filled: 1, rows: 20_000 }]);
    const [known] = await listBackfills({ databaseUrl: db.url });
    expect(known?.record).toMatchObject({
      state: 'finished',
      rows: 20_000,
      rowsAffected: 20_000,
      lastKey: ['20000'],
    });
  });

  it('gives its rows up when it does not get one, so that a writer waits no longer than a batch may', async () => {
    await probe(400);
    await startBackfill('probe', { databaseUrl: db.url, root: declared().root });
    const holder = await session(db.url);
    await holder.query('begin; select from core.probe where id = 390 for update');
    const work = run();
    await waitsForLock();
    // Row 100 is held by the batch, which waits for row 390: the lock_timeout of the batch ends that.
    const writer = await session(db.url);
    await writer.query('update core.probe set filled = filled where id = 100');
    await holder.query('rollback');
    expect(await work).toMatchObject({ state: 'finished' });
    expect(await filled()).toEqual([{ filled: 1, rows: 400 }]);
  });

  it('makes its batches smaller until one takes no longer than it may', async () => {
    await probe(40);
    const statement =
      'update core.probe as target set filled = filled + 1 from pg_sleep(0) where :range and pg_sleep(0.01) is not null';
    const { root } = declared({ head: '-- target: 80 ms\n-- longest: 150 ms\n', statement });
    await startBackfill('probe', { databaseUrl: db.url, root });
    const sizes: number[] = [];
    expect(await run(({ batchSize }) => sizes.push(batchSize))).toMatchObject({ state: 'finished' });
    // Forty rows take 400 ms: at most fifteen fit.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(15);
    expect(await filled()).toEqual([{ filled: 1, rows: 40 }]);
  });

  it('that meets a bad row does those before it, tells the row, and goes on after a retry', async () => {
    await probe(1_000);
    await db.query('update core.probe set filled = -1 where id = 637');
    const { root } = declared({
      statement: 'update core.probe as target set filled = 1 / (filled + 1) where :range',
    });
    const options = { databaseUrl: db.url, root };
    await startBackfill('probe', options);
    expect(await run()).toMatchObject({
      state: 'failed',
      error: 'division by zero (SQLSTATE 22012)',
      lastKey: ['636'],
      failedUpto: ['637'],
      rows: 636,
    });
    await expect(resumeBackfill('probe', options)).rejects.toMatchObject({
      code: 'backfill.state',
      cure: expect.stringContaining('retry'),
    });
    await db.query('update core.probe set filled = 0 where id = 637');
    await retryBackfill('probe', options);
    expect(await run()).toMatchObject({ state: 'finished', error: null, rows: 1_000 });
    expect(await filled()).toEqual([{ filled: 1, rows: 1_000 }]);
  });

  it('stops after the batch that is under way when it is paused, and goes on where it was', async () => {
    await probe(2_000);
    const options = { databaseUrl: db.url, root: declared().root };
    await startBackfill('probe', options);
    // It cannot finish while this row is held.
    const holder = await session(db.url);
    await holder.query('begin; select from core.probe where id = 1990 for update');
    const work = run();
    await waitsForLock();
    await pauseBackfill('probe', options);
    await holder.query('rollback');
    const paused = await work;
    expect(paused?.state).toBe('paused');
    expect(paused?.rows).toBeLessThan(2_000);
    expect(await run()).toMatchObject({ state: 'paused', rows: paused?.rows });
    await resumeBackfill('probe', options);
    expect(await run()).toMatchObject({ state: 'finished', rows: 2_000 });
    expect(await filled()).toEqual([{ filled: 1, rows: 2_000 }]);
  });

  it('is run by one at a time', async () => {
    await probe(10);
    await startBackfill('probe', { databaseUrl: db.url, root: declared().root });
    const other = await session(db.url);
    await other.query("select pg_advisory_lock(hashtextextended('ops.backfills:' || $1, 0))", [name]);
    expect(await run()).toBeUndefined();
    expect(await filled()).toEqual([{ filled: 0, rows: 10 }]);
  });

  it('goes by a key of several columns, over the partitions of a table', async () => {
    await db.query(`
      create table core.probe (at timestamptz, word text, filled integer not null default 0, primary key (at, word))
        partition by range (at);
      create table core.probe_1 partition of core.probe for values from (minvalue) to ('2030-01-02');
      create table core.probe_2 partition of core.probe for values from ('2030-01-02') to (maxvalue);
      alter table core.probe owner to stoa_owner;
      insert into core.probe
        select timestamptz '2030-01-01 00:00:00.123456Z' + day * interval '12 hours', 'it''s ' || word
        from generate_series(0, 5) as day, generate_series(1, 200) as word`);
    const place = checkout();
    place.write(
      `migrations/core/${name}.backfill.sql`,
      '-- table: core.probe\n-- key: at, word\nupdate core.probe as target set filled = filled + 1 where :range',
    );
    await startBackfill('probe', { databaseUrl: db.url, root: place.root });
    expect(await run()).toMatchObject({ state: 'finished', rows: 1_200, rowsAffected: 1_200 });
    expect(await filled()).toEqual([{ filled: 1, rows: 1_200 }]);
    // Vacuum takes this lock on a partition, not on the table that is read.
    const vacuum = await session(db.url);
    const pressure = async () => (await db.query('select * from ops.backfill_pressure($1)', [name])).rows;
    expect(await pressure()).toEqual([{ lag_bytes: null, is_maintained: false }]);
    await vacuum.query('begin; lock table core.probe_2 in share update exclusive mode');
    expect(await pressure()).toEqual([{ lag_bytes: null, is_maintained: true }]);
  });

  it('is refused without its table, without a unique key, before its migration, and when it was edited', async () => {
    const place = declared();
    const options = { databaseUrl: db.url, root: place.root };
    await expect(startBackfill('probe', options)).rejects.toMatchObject({ code: 'backfill.no_table' });
    await probe(3);
    await db.query('alter table core.probe drop constraint probe_pkey');
    await expect(startBackfill('probe', options)).rejects.toMatchObject({ code: 'backfill.no_key' });
    await db.query('alter table core.probe add primary key (id)');
    await startBackfill('probe', options);
    await expect(startBackfill('probe', options)).rejects.toMatchObject({ code: 'backfill.started' });
    const edited = declared({ statement: 'update core.probe as target set filled = 7 where :range' });
    await pauseBackfill('probe', options);
    await expect(resumeBackfill('probe', { ...options, root: edited.root })).rejects.toMatchObject({
      code: 'backfill.edited',
    });
    place.write('migrations/core/20290101000000_first.sql', '-- Up Migration\nselect 1;\n');
    await db.query('truncate ops.backfills');
    await expect(startBackfill('probe', options)).rejects.toMatchObject({ code: 'backfill.too_early' });
    await expect(startBackfill('nothing', options)).rejects.toMatchObject({ code: 'backfill.unknown' });
  });
});

describe('a migration that requires a backfill', () => {
  it('is refused until that is finished; what comes before it is applied', async () => {
    await probe(5);
    const place = declared();
    const options = { databaseUrl: db.url, root: place.root };
    place.write(
      'migrations/core/20300102000000_before.sql',
      '-- Up Migration\ncomment on table core.probe is null;\n',
    );
    place.write(
      'migrations/core/20300103000000_strict.sql',
      '-- requires-backfill: probe\n\n-- Up Migration\nalter table core.probe add check (filled > 0);\n',
    );
    await expect(migrateUp(options)).rejects.toMatchObject({
      code: 'backfill.unfinished',
      exitCode: 5,
      message: expect.stringContaining('20300101000000_probe, which is not begun'),
      cure: expect.stringContaining('stoa migrate backfill start'),
    });
    const { rows } = await db.query("select name from ops.pgmigrations where name > '2030' order by name");
    expect(rows).toEqual([{ name: '20300102000000_before' }]);

    await startBackfill('probe', options);
    await expect(migrateUp(options)).rejects.toThrow('which is running');
    await run();
    expect(await migrateUp(options)).toEqual({ applied: ['20300103000000_strict'] });
    await db.query(
      "delete from ops.pgmigrations where name > '2030'; delete from ops.schema_migrations where version > '2030'",
    );
  });

  it('is applied where the table has no rows, as in a new community', async () => {
    await probe(0);
    const place = declared();
    place.write(
      'migrations/core/20300103000000_strict.sql',
      '-- requires-backfill: probe\n\n-- Up Migration\nalter table core.probe add check (filled > 0);\n',
    );
    const options = { databaseUrl: db.url, root: place.root };
    expect(await migrateUp(options)).toEqual({ applied: ['20300103000000_strict'] });
    await db.query(
      "delete from ops.pgmigrations where name > '2030'; delete from ops.schema_migrations where version > '2030'",
    );
  });

  it('is refused before anything is applied when there is no such backfill', async () => {
    const place = checkout();
    place.write(
      'migrations/core/20300102000000_a.sql',
      '-- Up Migration\ncreate table core.never (id int);\n',
    );
    place.write(
      'migrations/core/20300103000000_b.sql',
      '-- requires-backfill: nothing\n\n-- Up Migration\nselect 1;\n',
    );
    await expect(migrateUp({ databaseUrl: db.url, root: place.root })).rejects.toMatchObject({
      code: 'backfill.unknown',
    });
    expect((await db.query("select to_regclass('core.never') as made")).rows).toEqual([{ made: null }]);
  });
});
