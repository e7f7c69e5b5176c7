import type { Command } from 'commander';
import { exitCodes, StoaError } from '../../../errors.ts';
import {
  type BackfillOptions,
  cureOf,
  type KnownBackfill,
  listBackfills,
  pauseBackfill,
  resumeBackfill,
  retryBackfill,
  startBackfill,
} from '../../../migrate/backfill/control.ts';
import { type BackfillRecord, rangeText, rateOf, secondsLeft } from '../../../migrate/backfill/record.ts';
import { runBackfill } from '../../../migrate/backfill/run.ts';
import { openSession } from '../../../migrate/session.ts';
import { withOpenDatabase } from '../../../postgres/database.ts';
import { duration, note, print, printJson, progress, styled, table } from '../../output.ts';
import { settingsOf } from '../../settings.ts';

const story = `
A backfill is a file migrations/<module>/<14 digits>_<words>.backfill.sql:

  -- Why: …
  -- table: forums.posts
  -- key: id
  update forums.posts as target set word_count = … where :range and word_count is null

":range" stands for the condition that chooses the rows of a batch. The job worker runs the batches; with
--foreground this command does. A migration with "-- requires-backfill: <words>" waits for it.
Lines that may be added: "-- target: 200 ms", "-- longest: 1 s" (no writer waits longer for a batch), "-- lag: 64 MB".

The whole way of adding a column: docs/operations/add-a-column.md`;

interface RunFlags {
  readonly foreground?: true;
  readonly json?: true;
}

interface StatusFlags {
  readonly check?: true;
  readonly json?: true;
}

export function registerMigrateBackfill(migrate: Command): void {
  const backfill = migrate
    .command('backfill')
    .description('fill the rows of a large table in small batches, beside everything else')
    .addHelpText('after', story);
  registerRun(backfill, 'start', 'begin a backfill', (name, options, attach) =>
    startBackfill(name, { ...options, attach }),
  );
  registerStatus(backfill);
  registerPause(backfill);
  registerRun(backfill, 'resume', 'go on with one that is paused, or that nobody works on', resumeBackfill);
  registerRun(backfill, 'retry', 'try the batch again that failed, and go on', retryBackfill);
}

function registerRun(
  parent: Command,
  verb: string,
  description: string,
  begin: (name: string, options: BackfillOptions, attach: boolean) => Promise<string>,
): void {
  const command = parent
    .command(`${verb} <NAME>`)
    .description(description)
    .option('--foreground', 'run it here, with progress, until it is done')
    .option('--json', 'print what became of it as JSON')
    .action(async (wanted: string, flags: RunFlags) => {
      const settings = await settingsOf(command);
      await withOpenDatabase(
        settings,
        { command: `migrate backfill ${verb}`, onEvent: note },
        async (config) => {
          const name = await begin(wanted, config, flags.foreground === true);
          if (flags.foreground) await runHere(config.databaseUrl, name);
          await tell(name, config, flags);
        },
      );
    });
}

function registerPause(parent: Command): void {
  const command = parent
    .command('pause <NAME>')
    .description('stop after the batch that is under way')
    .option('--json', 'print what became of it as JSON')
    .action(async (wanted: string, flags: RunFlags) => {
      const settings = await settingsOf(command);
      await withOpenDatabase(
        settings,
        { command: 'migrate backfill pause', onEvent: note },
        async (config) => {
          await tell(await pauseBackfill(wanted, config), config, flags);
        },
      );
    });
}

function registerStatus(parent: Command): void {
  const command = parent
    .command('status [NAME]')
    .description('how far each backfill is, how fast it goes and what holds it back')
    .option('--check', `exit with ${exitCodes.checkFailed} unless all are finished`)
    .option('--json', 'print it as JSON')
    .action(async (wanted: string | undefined, flags: StatusFlags) => {
      const settings = await settingsOf(command);
      await withOpenDatabase(
        settings,
        { command: 'migrate backfill status', onEvent: note },
        async (config) => {
          const known = await listBackfills(config);
          const chosen = wanted === undefined ? known : known.filter((each) => isMeant(each, wanted));
          if (wanted !== undefined && chosen.length === 0) {
            throw new StoaError('backfill.unknown', `There is no backfill "${wanted}".`, {
              cure: 'See "stoa migrate backfill status" for those that there are.',
              exitCode: exitCodes.usage,
            });
          }
          if (flags.json) printJson({ backfills: chosen.map(facts) });
          else printStatus(chosen);
          if (flags.check && chosen.some(({ record }) => record?.state !== 'finished')) {
            process.exitCode = exitCodes.checkFailed;
          }
        },
      );
    });
}

function isMeant({ name, declared }: KnownBackfill, wanted: string): boolean {
  return name === wanted || declared?.slug === wanted || declared?.version === wanted;
}

async function runHere(databaseUrl: string, name: string): Promise<void> {
  const session = await openSession(databaseUrl);
  await session.watcher.query('set role stoa_owner');
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  let shown: ReturnType<typeof progress> | undefined;
  try {
    const record = await runBackfill({
      worker: session.worker,
      watcher: session.watcher,
      name,
      signal: stop.signal,
      onBatch: (batch) => {
        shown ??= progress(name, 'rows', batch.expectedRows > batch.rows ? batch.expectedRows : undefined);
        shown.update(batch.rows, batch.note === null ? '' : `(${batch.note})`);
      },
    });
    if (!record) {
      throw new StoaError('backfill.busy', `The worker runs the backfill ${name} at the moment.`, {
        cure: `See how far it is: stoa migrate backfill status ${name}.`,
        exitCode: exitCodes.busy,
      });
    }
    if (record.state === 'running') process.exitCode = exitCodes.interrupted;
    if (record.state === 'failed') process.exitCode = exitCodes.checkFailed;
  } finally {
    shown?.end();
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
    await session.close();
  }
}

async function tell(name: string, config: BackfillOptions, flags: RunFlags): Promise<void> {
  const [known] = (await listBackfills(config)).filter((each) => each.name === name);
  if (!known?.record) return;
  if (flags.json) return printJson(facts(known));
  const { record } = known;
  print(`${name}: ${record.state}, ${record.rows.toLocaleString('en')} rows done.`);
  if (record.state === 'failed') tellFailure(record);
  else if (record.state === 'running' && !flags.foreground)
    note('The job worker runs it: "stoa up" or "stoa work".');
}

function tellFailure(record: BackfillRecord): void {
  print(`  ${record.error ?? ''}`);
  print(
    `  ${record.table} (${record.keyColumns.join(', ')}) ${rangeText(record.lastKey, record.failedUpto)}`,
  );
  print(`  ${cureOf(record)}`);
}

/** What `--json` prints of a backfill. Fields are added, never renamed. */
function facts({ name, declared, record }: KnownBackfill): object {
  if (!record) {
    return { name, file: declared?.file ?? null, table: declared?.table ?? null, state: 'not begun' };
  }
  const rate = rateOf(record);
  const left = secondsLeft(record);
  return {
    name,
    file: declared?.file ?? null,
    table: record.table,
    state: record.state,
    rows: record.rows,
    rowsAffected: record.rowsAffected,
    expectedRows: record.expectedRows,
    batches: record.batches,
    batchSize: record.batchSize,
    targetMs: record.targetMs,
    longestMs: record.longestMs,
    rowsPerSecond: rate === null ? null : Math.round(rate),
    secondsLeft: left === null ? null : Math.round(left),
    heldBackBy: record.state === 'running' ? record.note : null,
    lastKey: record.lastKey,
    error: record.error,
    failedRange: record.state === 'failed' ? { after: record.lastKey, upTo: record.failedUpto } : null,
    startedAt: record.startedAt,
    lastBatchAt: record.lastBatchAt,
    finishedAt: record.finishedAt,
  };
}

function printStatus(backfills: readonly KnownBackfill[]): void {
  if (backfills.length === 0) {
    print('No backfill is declared, and none was begun.');
    return;
  }
  print(
    table(
      ['backfill', 'state', 'rows', 'of about', 'rows/s', 'left'],
      backfills.map(({ name, record }) => {
        if (!record) return [name, 'not begun', null, null, null, null];
        const rate = rateOf(record);
        const left = record.state === 'running' ? secondsLeft(record) : null;
        return [
          name,
          record.state,
          record.rows.toLocaleString('en'),
          record.expectedRows.toLocaleString('en'),
          rate === null ? null : Math.round(rate).toLocaleString('en'),
          left === null ? null : duration(left * 1_000),
        ];
      }),
      { right: [2, 3, 4, 5] },
    ),
  );
  for (const { name, record } of backfills) {
    if (record?.state === 'running' && record.note !== null) print(`\n${name} is slowed: ${record.note}.`);
    if (record?.state !== 'failed') continue;
    print(`\n${styled('red', name)} failed:`);
    tellFailure(record);
  }
}
