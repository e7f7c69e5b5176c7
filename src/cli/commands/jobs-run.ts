import { type Command, InvalidArgumentError } from 'commander';
import { exitCodes, StoaError } from '../../errors.ts';
import { runNow } from '../../jobs/foreground.ts';
import { tasksOf } from '../../jobs/tasks.ts';
import { createLogger } from '../../log.ts';
import { resolveModules } from '../../modules.ts';
import { withJobQueue } from '../job-queue.ts';
import { duration, print, printJson, progress } from '../output.ts';
import { settingsOf } from '../settings.ts';
import { similarNames } from '../similar-names.ts';

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It must be JSON.');
  }
}

function refuseUnknown(name: string, known: readonly string[]): StoaError {
  const meant = similarNames(name, known);
  return new StoaError('jobs.unknown', `There is no job named "${name}".`, {
    cure:
      meant.length > 0
        ? `Did you mean ${meant.join(', or ')}? All of them: stoa jobs list.`
        : 'List them with "stoa jobs list".',
    exitCode: exitCodes.usage,
  });
}

/** A task that does not take its payload says so through zod; everything else is its failure. */
function failure(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoaError) return error;
  if (error.name === 'ZodError') {
    return new StoaError('jobs.payload', `The job ${name} does not take this payload: ${error.message}`, {
      cure: 'Give what it needs with --payload.',
      exitCode: exitCodes.input,
    });
  }
  return new StoaError('jobs.failed', `The job ${name} failed: ${error.message}`, {
    cure: 'It may be run again: what was done stays done.',
    exitCode: exitCodes.checkFailed,
    cause: error,
  });
}

export function registerJobsRun(jobs: Command): void {
  jobs
    .command('run')
    .description('run one job now, here, without the queue')
    .argument('<NAME>', 'as "stoa jobs list" shows it')
    .option('--payload <JSON>', 'what the job is about, for jobs "on event"', json)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Recorded like a run of the worker. Ctrl-C ends it between two batches; what was done stays done.

Exit codes: ${exitCodes.ok} done, ${exitCodes.usage} no such job, ${exitCodes.checkFailed} the job failed, ${exitCodes.busy} it runs already, ${exitCodes.interrupted} stopped.

Examples:
  stoa jobs run partitions_maintain
  stoa jobs run forum_counters_repair --json`,
    )
    .action(async (name: string, options: { payload?: unknown; json?: true }, self: Command) => {
      const settings = await settingsOf(self);
      const known = Object.keys(tasksOf(resolveModules(settings.modules)));
      if (!known.includes(name)) throw refuseUnknown(name, known);
      const stop = new AbortController();
      const onSignal = (): void => stop.abort();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
      const bar = progress(name, 'rows');
      const start = performance.now();
      try {
        const outcome = await withJobQueue(settings, 'jobs', (_query, config) =>
          runNow(config, name, {
            payload: options.payload ?? {},
            log: createLogger({ level: 'silent' }),
            signal: stop.signal,
            onProgress: (done, total) => bar.update(done, total === undefined ? '' : `of ${total}`),
          }),
        ).catch((error: unknown) => {
          throw failure(name, error);
        });
        bar.end();
        const tookMs = Math.round(performance.now() - start);
        const report = outcome.kind === 'done' ? outcome.report : undefined;
        if (options.json) {
          printJson({
            job: name,
            outcome: outcome.kind === 'done' ? 'ok' : 'stopped',
            rows: report?.rowsAffected ?? null,
            detail: report?.detail ?? {},
            tookMs,
          });
        } else if (outcome.kind === 'stopped') {
          print(`${name}: stopped after ${duration(tookMs)}. What was done stays done.`);
        } else {
          const rows = report === undefined ? '' : `, ${report.rowsAffected.toLocaleString('en')} rows`;
          print(`${name}: done in ${duration(tookMs)}${rows}.`);
        }
        if (outcome.kind === 'stopped') process.exitCode = exitCodes.interrupted;
      } finally {
        bar.end();
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
      }
    });
}
