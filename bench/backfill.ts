/**
 * A backfill beside a writer, killed again and again. Starts a server of its own with a table of so many rows, runs
 * the backfill in a process that is killed with SIGKILL five times, while a writer changes random rows one after the
 * other; prints how long the backfill took, how long the writer waited, and whether each row was filled exactly once.
 *
 *   node bench/backfill.ts [rows, default 1000000] [kills, default 5]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { duration, table } from '../src/cli/output.ts';
import { loadBackfills } from '../src/migrate/backfill/declaration.ts';
import { migrateUp } from '../src/migrate/index.ts';
import { modules } from '../src/modules.ts';
import { connect, withDatabase } from '../src/postgres/connect.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { withScratchServer } from '../src/postgres/scratch.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
const kills = Number(process.argv[3] ?? 5);
const longestMs = 1_000;
const program = fileURLToPath(new URL('../test/migrate/backfill/backfill-process.ts', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
mkdirSync(join(folder, 'migrations/core'), { recursive: true });
writeFileSync(
  join(folder, 'migrations/core/20300101000000_bench.backfill.sql'),
  `-- table: core.bench\n-- key: id\n-- longest: ${longestMs} ms\n` +
    'update core.bench as target set filled = filled + 1 where :range',
);
const [backfill] = await loadBackfills(folder, modules);
rmSync(folder, { recursive: true });
if (!backfill) throw new Error('the declaration was not read');

/** Changes a random row, again and again, as somebody would who uses the application. */
async function write(url: string, signal: AbortSignal): Promise<number[]> {
  const client = await connect(url, 'bench writer');
  const waits: number[] = [];
  while (!signal.aborted) {
    const begun = performance.now();
    await client.query('update core.bench set note = note + 1 where id = $1', [
      1 + Math.floor(Math.random() * rows),
    ]);
    waits.push(performance.now() - begun);
    await sleep(2);
  }
  await client.end();
  return waits;
}

function start(url: string, name: string, onRows: (done: number) => void): ChildProcess {
  const child = spawn(process.execPath, [program, url, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told: unknown = JSON.parse(line);
    if (typeof told === 'object' && told !== null && 'rows' in told) onRows(Number(told.rows));
  });
  return child;
}

const quantile = (figures: readonly number[], share: number): number =>
  [...figures].sort((a, b) => a - b)[Math.min(figures.length - 1, Math.floor(figures.length * share))] ?? 0;
const ms = (figure: number): string => `${figure.toFixed(1)} ms`;

await withScratchServer(async (adminUrl) => {
  await prepareDatabase(adminUrl, 'bench');
  const url = withDatabase(adminUrl, 'bench');
  await migrateUp({ databaseUrl: url });
  const client = await connect(url, 'bench');
  await client.query(
    `create table core.bench (id bigint primary key, filled integer not null default 0, note integer not null default 0);
     alter table core.bench owner to stoa_owner;
     insert into core.bench (id) select generate_series(1, ${rows})`,
  );
  await client.query('vacuum analyze core.bench');
  await client.query(
    `insert into ops.backfills (name, target, key_columns, statement, checksum, target_ms, longest_ms, expected_rows)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      backfill.name,
      backfill.table,
      backfill.key,
      backfill.statement,
      backfill.checksum,
      backfill.targetMs,
      backfill.longestMs,
      rows,
    ],
  );

  const over = new AbortController();
  const writing = write(url, over.signal);
  const begun = performance.now();
  const killedAt: number[] = [];
  for (let round = 0; round <= kills; round += 1) {
    const killAt = (rows * (round + 1)) / (kills + 1);
    let at = 0;
    await new Promise<void>((resolve) => {
      const child = start(url, backfill.name, (done) => {
        at = done;
        if (round < kills && done >= killAt) child.kill('SIGKILL');
      });
      child.once('close', () => resolve());
    });
    if (round < kills) killedAt.push(at);
  }
  const elapsed = performance.now() - begun;
  over.abort();
  const waits = await writing;
  const { rows: outcome } = await client.query<{ state: string; batches: string; wrong: string }>(
    `select state, batches, (select count(*) from core.bench where filled <> 1) as wrong from ops.backfills`,
  );
  await client.end();
  process.stdout.write(
    `${table(
      ['what', 'figure'],
      [
        ['rows', rows.toLocaleString('en')],
        ['killed at', killedAt.map((row) => row.toLocaleString('en')).join(', ')],
        ['state at the end', outcome[0]?.state ?? ''],
        ['rows not filled exactly once', outcome[0]?.wrong ?? ''],
        ['batches', outcome[0]?.batches ?? ''],
        ['from begin to end, kills and starts included', duration(elapsed)],
        ['rows a second', Math.round((rows / elapsed) * 1_000).toLocaleString('en')],
        ['writes beside it', waits.length.toLocaleString('en')],
        ['  median of a write', ms(quantile(waits, 0.5))],
        ['  99 of 100 took at most', ms(quantile(waits, 0.99))],
        ['  longest', ms(Math.max(...waits))],
        ['limit for a batch', `${longestMs} ms`],
      ],
      { right: [1] },
    )}\n`,
  );
});
