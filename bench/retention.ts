/**
 * What it costs to let a million rows go: in batches beside somebody who writes and somebody who reads, and as a
 * partition. And, with --kills, that a process which is killed anywhere is made up for by the next run.
 *
 *   node bench/retention.ts [--rows 1000000] [--kills 0] [--json]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Client } from 'pg';
import { listArchives } from '../src/archive/catalog.ts';
import { retirePartitions } from '../src/archive/retire.ts';
import { defaultTransforms } from '../src/archive/transform.ts';
import { table } from '../src/cli/output.ts';
import { migrateUp } from '../src/migrate/index.ts';
import { connect, withDatabase } from '../src/postgres/connect.ts';
import { connectOwner } from '../src/postgres/owner.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { withScratchServer } from '../src/postgres/scratch.ts';
import { choosePolicies, listPolicies } from '../src/retention/policies.ts';
import { runPolicy } from '../src/retention/run.ts';
import { folderStorage } from '../src/storage/folder.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const expired = Number(values.rows);
const live = Math.round(expired / 4);

interface Watched {
  readonly name: string;
  readonly elapsedMs: number;
  readonly wal: number;
  readonly batches: number;
  readonly longestBatchMs: number;
  /** The slowest of the writer's and the reader's statements, and how many each made. */
  readonly writerWorstMs: number;
  readonly writes: number;
  readonly readerWorstMs: number;
  readonly reads: number;
}

async function walPosition(client: Client): Promise<number> {
  const { rows } = await client.query<{ at: number }>(
    "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as at",
  );
  return rows[0]?.at ?? 0;
}

/** Does its statement again and again until it is told to stop; remembers the slowest. */
function busy(client: Client, text: string): { stop(): Promise<{ worstMs: number; count: number }> } {
  let isOver = false;
  let worstMs = 0;
  let count = 0;
  const work = (async () => {
    while (!isOver) {
      const begun = performance.now();
      await client.query(text);
      worstMs = Math.max(worstMs, performance.now() - begun);
      count += 1;
      await sleep(1);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await work;
      return { worstMs, count };
    },
  };
}

async function watched(
  url: string,
  name: string,
  target: string,
  work: () => Promise<{ batches: number; longestBatchMs: number }>,
): Promise<Watched> {
  const observer = await connect(url, 'bench');
  const writing = await connect(url, 'bench writer');
  const reading = await connect(url, 'bench reader');
  await observer.query('checkpoint');
  const writer = busy(
    writing,
    `insert into ${target} (at, place, note) values (clock_timestamp(), floor(random() * 100), repeat('w', 200))`,
  );
  const reader = busy(
    reading,
    `select note from ${target} where place = floor(random() * 100)::int and at > now() - interval '1 hour' order by at desc limit 50`,
  );
  const wal = await walPosition(observer);
  const begun = performance.now();
  const { batches, longestBatchMs } = await work();
  const elapsedMs = performance.now() - begun;
  const written = (await walPosition(observer)) - wal;
  const writes = await writer.stop();
  const reads = await reader.stop();
  await Promise.all([observer.end(), writing.end(), reading.end()]);
  return {
    name,
    elapsedMs,
    wal: written,
    batches,
    longestBatchMs,
    writerWorstMs: writes.worstMs,
    writes: writes.count,
    readerWorstMs: reads.worstMs,
    reads: reads.count,
  };
}

/** The same rows in a table of one piece and in one of months. */
async function fill(url: string): Promise<void> {
  const client = await connect(url, 'bench');
  const columns =
    'id uuid not null default core.uuidv7(), at timestamptz not null, place integer not null, note text not null';
  await client.query(`
    create table core.whole (${columns}, primary key (id));
    create table core.months (${columns}, primary key (at, id)) partition by range (at);
    alter table core.whole owner to stoa_owner;
    alter table core.months owner to stoa_owner;
    insert into ops.partition_policies (parent, key_kind, retain) values ('core.months', 'timestamptz', '2 months');
    insert into ops.retention_policies (name, target, predicate, age) values ('whole', 'core.whole', 'at < :before', '30 days');
    create table parts.core_months_old partition of core.months for values from ('2020-01-01') to ('2020-02-01');
    create table parts.core_months_new partition of core.months for values from ('2020-02-01') to ('2100-01-01');
    alter table parts.core_months_old owner to stoa_owner;
    alter table parts.core_months_new owner to stoa_owner;
  `);
  for (const target of ['core.whole', 'core.months']) {
    await client.query(`
      insert into ${target} (at, place, note)
      select timestamptz '2020-01-02' + number * interval '1 millisecond', number % 100, repeat('x', 200)
      from generate_series(1, ${expired}) as number;
      insert into ${target} (at, place, note)
      select now() - number * interval '1 millisecond', number % 100, repeat('x', 200)
      from generate_series(1, ${live}) as number;
      create index on ${target} (at);
      create index on ${target} (place, at);
    `);
    await client.query(`vacuum analyze ${target}`);
  }
  await client.end();
}

async function compare(url: string): Promise<Watched[]> {
  await fill(url);
  const client = await connectOwner(url, 'bench retention');
  const results: Watched[] = [];
  try {
    const [policy] = choosePolicies(await listPolicies(client), 'whole');
    if (policy === undefined) throw new Error('there is no rule');
    results.push(
      await watched(url, 'in batches', 'core.whole', () =>
        runPolicy(client, policy, { now: new Date(), pace: 0.5 }),
      ),
    );
    const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
    try {
      results.push(
        await watched(url, 'as a partition', 'core.months', async () => {
          await retirePartitions(
            { client, storage: folderStorage(folder), transforms: defaultTransforms },
            { parents: ['core.months'] },
          );
          return { batches: 1, longestBatchMs: 0 };
        }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  } finally {
    await client.end();
  }
  return results;
}

const stoa = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

/** Kills the command after some milliseconds of chance, and lets the next run finish. True when the end is the same. */
async function survives(url: string, folder: string, round: number, longestMs: number): Promise<boolean> {
  const client = await connectOwner(url, 'bench kills');
  const name = `core.kill_${round}`;
  const rows = 20_000;
  try {
    await client.query(`
      create table ${name} (at timestamptz not null, number integer not null, note text, primary key (at, number)) partition by range (at);
      create table parts.core_kill_${round}_old partition of ${name} for values from ('2020-01-01') to ('2020-02-01');
      create table parts.core_kill_${round}_new partition of ${name} for values from ('2020-02-01') to ('2100-01-01');
      insert into ops.partition_policies (parent, key_kind, retain, export_before_drop)
      values ('${name}', 'timestamptz', '2 months', true);
      create table core.killed_rows_${round} (number integer primary key, at timestamptz not null);
      create index on core.killed_rows_${round} (at);
      insert into ops.retention_policies (name, target, predicate, age, batch_size)
      values ('killed_${round}', 'core.killed_rows_${round}', 'at < :before', '30 days', 500);
      insert into ${name} select '2020-01-03', number, repeat('x', 100) from generate_series(1, ${rows}) as number;
      insert into core.killed_rows_${round} select number, '2020-01-03' from generate_series(1, ${rows}) as number;
      insert into core.killed_rows_${round} select -number, now() from generate_series(1, 100) as number;
    `);
    const args =
      round % 2 === 0 ? ['partitions', 'retire', name] : ['retention', 'run', '--policy', `killed_${round}`];
    const program = `const { main } = await import(${JSON.stringify(stoa)}); await main(${JSON.stringify(args)});`;
    const run = () =>
      spawn(process.execPath, ['--input-type=module', '-e', program], {
        env: { ...process.env, DATABASE_URL: url, STOA_STORAGE: folder, STOA_DATA_DIR: join(folder, 'data') },
        stdio: 'ignore',
      });
    const child = run();
    const ended = once(child, 'close');
    await Promise.race([ended, sleep(Math.random() * longestMs)]);
    child.kill('SIGKILL');
    await ended;
    for (;;) {
      const { rowCount } = await client.query(
        "select from pg_catalog.pg_stat_activity where application_name in ('stoa archive', 'stoa retention run')",
      );
      if (rowCount === 0) break;
      await sleep(20);
    }
    await once(run(), 'close');
    const { rows: ends } = await client.query<{ partitions: number; left: number; lost: number }>(
      `select
         (select count(*)::int from ops.partition_bounds('${name}')) as partitions,
         (select count(*)::int from core.killed_rows_${round} where number > 0) as left,
         100 - (select count(*)::int from core.killed_rows_${round} where number < 0) as lost`,
    );
    const archives = await listArchives(client, name);
    const [end] = ends;
    if (round % 2 === 1) return end?.left === 0 && end.lost === 0;
    return (
      end?.partitions === 1 &&
      archives.length === 1 &&
      archives[0]?.rows === rows &&
      archives[0].verifiedAt !== null &&
      archives[0].droppedAt !== null
    );
  } finally {
    await client.end();
  }
}

await withScratchServer(async (adminUrl) => {
  const url = withDatabase(adminUrl, 'bench');
  await prepareDatabase(adminUrl, 'bench');
  await migrateUp({ databaseUrl: url });
  const kills = Number(values.kills);
  let survived = 0;
  if (kills > 0) {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
    try {
      for (let round = 0; round < kills; round += 1) {
        if (await survives(url, folder, round, 2_500)) survived += 1;
        else process.stderr.write(`round ${round} ended otherwise\n`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const results = expired === 0 ? [] : await compare(url);
  const [batches, partition] = results;
  const ratios =
    batches === undefined || partition === undefined
      ? undefined
      : {
          time: batches.elapsedMs / partition.elapsedMs,
          wal: batches.wal / Math.max(partition.wal, 1),
        };
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ rows: expired, live, results, ratios, kills, survived }, undefined, 2)}\n`,
    );
    return;
  }
  if (kills > 0) process.stdout.write(`${survived} of ${kills} kills were made up for by the next run.\n`);
  if (ratios === undefined) return;
  const ms = (figure: number): string => `${figure.toFixed(figure < 100 ? 1 : 0)} ms`;
  process.stdout.write(
    `${table(
      [
        `${expired.toLocaleString('en')} rows`,
        'took',
        'batches',
        'longest',
        'WAL',
        'writer waited',
        'reader waited',
      ],
      results.map((result) => [
        result.name,
        ms(result.elapsedMs),
        result.batches,
        ms(result.longestBatchMs),
        `${(result.wal / 1e6).toFixed(1)} MB`,
        ms(result.writerWorstMs),
        ms(result.readerWorstMs),
      ]),
      { right: [1, 2, 3, 4, 5, 6] },
    )}\nIn batches takes ${ratios.time.toFixed(0)} times as long and ${ratios.wal.toFixed(0)} times the WAL (the writer's included).\n`,
  );
});
