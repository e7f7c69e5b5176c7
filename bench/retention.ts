/**
 * What it costs to let a million rows go, beside somebody who writes and somebody who reads: in batches and as a
 * partition, and by one DELETE. And, with --kills, that a process which is killed anywhere is made up for by the next run.
 *
 *   node bench/retention.ts [--rows 1000000] [--rounds 3] [--kills 0]
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
import { note } from '../src/cli/output.ts';
import { migrateUp } from '../src/migrate/index.ts';
import { connect, withDatabase } from '../src/postgres/connect.ts';
import { connectOwner } from '../src/postgres/owner.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { startScratchServer } from '../src/postgres/scratch.ts';
import { choosePolicies, listPolicies } from '../src/retention/policies.ts';
import { runPolicy } from '../src/retention/run.ts';
import { folderStorage } from '../src/storage/folder.ts';
import { askedRounds, handOver } from './harness/program.ts';
import type { BenchReport } from './harness/report.ts';
import { alternate } from './harness/rounds.ts';
import { durableSettings } from './harness/server.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    kills: { type: 'string', default: '0' },
  },
});
const expired = Number(values.rows);
const live = Math.round(expired / 4);
const rounds = Number(values.rounds);

interface Watched {
  readonly elapsedMs: number;
  readonly wal: number;
  readonly batches: number;
  readonly longestBatchMs: number;
  /** The slowest of the writer's and the reader's statements. */
  readonly writerWorstMs: number;
  readonly readerWorstMs: number;
}

async function walPosition(client: Client): Promise<number> {
  const { rows } = await client.query<{ at: number }>(
    "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as at",
  );
  return rows[0]?.at ?? 0;
}

/** Does its statement again and again until it is told to stop; remembers the slowest. */
function busy(client: Client, text: string): { stop(): Promise<number> } {
  let isOver = false;
  let worstMs = 0;
  const work = (async () => {
    while (!isOver) {
      const begun = performance.now();
      await client.query(text);
      worstMs = Math.max(worstMs, performance.now() - begun);
      await sleep(1);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await work;
      return worstMs;
    },
  };
}

async function watched(
  url: string,
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
  const writerWorstMs = await writer.stop();
  const readerWorstMs = await reader.stop();
  await Promise.all([observer.end(), writing.end(), reading.end()]);
  return { elapsedMs, wal: written, batches, longestBatchMs, writerWorstMs, readerWorstMs };
}

/** Tables of one piece, and one of months. */
const pieces = ['core.whole', 'core.naive', 'core.bare'];

async function prepare(client: Client): Promise<void> {
  const columns =
    'id uuid not null default core.uuidv7(), at timestamptz not null, place integer not null, note text not null';
  for (const target of [...pieces, 'core.months']) {
    const isWhole = pieces.includes(target);
    await client.query(`
      create table ${target} (${columns}, primary key (${isWhole ? 'id' : 'at, id'}))
        ${isWhole ? '' : 'partition by range (at)'};
      create index on ${target} (at);
      create index on ${target} (place, at);
    `);
  }
  await client.query(`
    create table parts.core_months_new partition of core.months for values from ('2020-02-01') to ('2100-01-01');
    insert into ops.partition_policies (parent, key_kind, retain) values ('core.months', 'timestamptz', '2 months');
    insert into ops.retention_policies (name, target, predicate, age) values ('whole', 'core.whole', 'at < :before', '30 days');
  `);
}

/** The rows that are to go, and a quarter as many that stay. */
async function fill(client: Client, target: string): Promise<void> {
  await client.query(`truncate ${target}`);
  await client.query(`
    insert into ${target} (at, place, note)
    select timestamptz '2020-01-02' + number * interval '1 millisecond', number % 100, repeat('x', 200)
    from generate_series(1, ${expired}) as number;
    insert into ${target} (at, place, note)
    select now() - number * interval '1 millisecond', number % 100, repeat('x', 200)
    from generate_series(1, ${live}) as number;
  `);
  await client.query(`vacuum (analyze) ${target}`);
}

type FormName = 'batches' | 'oneDelete' | 'partition' | 'bare';

async function compare(url: string, notes: readonly string[]): Promise<void> {
  const client = await connectOwner(url, 'bench retention');
  const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
  const alone = { batches: 1, longestBatchMs: 0 };
  let months = 0;
  const filled = async (target: string, work: () => Promise<typeof alone>): Promise<Watched> => {
    await fill(client, target);
    const told = await watched(url, target, work);
    const { rows } = await client.query<{ left: number }>(
      `select count(*)::integer as left from ${target} where at < now() - interval '30 days'`,
    );
    if (rows[0]?.left !== 0) throw new Error(`${rows[0]?.left} rows of ${target} are left`);
    return told;
  };
  try {
    await prepare(client);
    const [policy] = choosePolicies(await listPolicies(client), 'whole');
    if (policy === undefined) throw new Error('there is no rule');
    const forms = {
      batches: () => filled('core.whole', () => runPolicy(client, policy, { now: new Date(), pace: 0.5 })),
      oneDelete: () =>
        filled('core.naive', async () => {
          await client.query("delete from core.naive where at < now() - interval '30 days'");
          return alone;
        }),
      async partition() {
        months += 1;
        await client.query(
          `create table parts.core_months_old_${months} partition of core.months for values from ('2020-01-01') to ('2020-02-01')`,
        );
        return filled('core.months', async () => {
          await retirePartitions(
            { client, storage: folderStorage(folder), transforms: defaultTransforms },
            { parents: ['core.months'] },
          );
          return alone;
        });
      },
      bare: () =>
        filled('core.bare', async () => {
          await client.query('truncate core.bare');
          return alone;
        }),
    };
    for await (const { few } of askedRounds(rounds)) {
      const report = reportOf(await alternate<FormName, Watched>(few, forms));
      await handOver({ ...report, notes: [...(report.notes ?? []), ...notes] });
    }
  } finally {
    rmSync(folder, { recursive: true });
    await client.end();
  }
}

function reportOf(seen: (form: FormName) => readonly Watched[]): BenchReport {
  const size = `${expired.toLocaleString('en')} of ${(expired + live).toLocaleString('en')} rows`;
  const figures = (form: FormName, figure: (told: Watched) => number) => seen(form).map(figure);
  const time = ({ elapsedMs }: Watched) => elapsedMs;
  const rate = (told: Watched) => expired / (told.elapsedMs / 1_000);
  const log = ({ wal }: Watched) => wal / 1e6;
  return {
    comparisons: [
      {
        what: 'rows that go',
        size,
        unit: 'per second',
        forms: [
          { form: 'in batches, half the time', role: 'stoa', figures: figures('batches', rate) },
          { form: 'one DELETE', role: 'peer', figures: figures('oneDelete', rate) },
        ],
      },
      {
        what: 'longest transaction',
        size,
        unit: 'ms',
        forms: [
          { form: 'a batch', role: 'stoa', figures: figures('batches', (told) => told.longestBatchMs) },
          { form: 'one DELETE', role: 'peer', figures: figures('oneDelete', time) },
        ],
      },
      {
        what: 'a month that goes',
        size,
        unit: 'ms',
        forms: [
          { form: 'as a partition', role: 'stoa', figures: figures('partition', time) },
          { form: 'one DELETE', role: 'peer', figures: figures('oneDelete', time) },
          { form: 'TRUNCATE of everything', role: 'limit', figures: figures('bare', time) },
        ],
      },
      {
        what: 'log of a month',
        size,
        unit: 'MB',
        forms: [
          { form: 'as a partition', role: 'stoa', figures: figures('partition', log) },
          { form: 'in batches', role: 'peer', figures: figures('batches', log) },
          { form: 'one DELETE', role: 'peer', figures: figures('oneDelete', log) },
        ],
      },
      {
        what: 'slowest write beside it',
        size,
        unit: 'ms',
        forms: [
          {
            form: 'a partition goes',
            role: 'stoa',
            figures: figures('partition', (told) => told.writerWorstMs),
          },
          { form: 'batches go', role: 'stoa', figures: figures('batches', (told) => told.writerWorstMs) },
          {
            form: 'one DELETE runs',
            role: 'peer',
            figures: figures('oneDelete', (told) => told.writerWorstMs),
          },
        ],
      },
    ],
    notes: [
      `${size}, three indexes. Beside all forms one writes and one reads; their log is in the figures, and neither form gives the space back but the partition. ${seen('batches')[0]?.batches ?? 0} batches; commits on disk.`,
    ],
  };
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

const server = await startScratchServer({ prefix: 'stoa-bench-', isOpen: true, settings: durableSettings });
try {
  const url = withDatabase(server.url, 'bench');
  await prepareDatabase(server.url, 'bench');
  await migrateUp({ databaseUrl: url });
  const kills = Number(values.kills);
  let survived = 0;
  if (kills > 0) {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
    try {
      for (let round = 0; round < kills; round += 1) {
        if (await survives(url, folder, round, 2_500)) survived += 1;
        else note(`round ${round} ended otherwise`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const kept = kills === 0 ? [] : [`${survived} of ${kills} kills were made up for by the next run.`];
  if (expired === 0) await handOver({ comparisons: [], notes: kept });
  else await compare(url, kept);
} finally {
  await server.stop();
}
