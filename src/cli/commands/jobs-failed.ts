import type { Command } from 'commander';
import { failedJobs } from '../../jobs/failed.ts';
import { withJobQueue } from '../job-queue.ts';
import { print, printJson, table } from '../output.ts';
import { settingsOf } from '../settings.ts';

export function registerJobsFailed(jobs: Command): void {
  jobs
    .command('failed')
    .description('jobs that failed for the last time, with what their last attempt said')
    .option('--json', 'print one JSON array')
    .addHelpText(
      'after',
      `
Payloads are not shown, and values in messages are hidden: they may be about people.

Example:
  stoa jobs failed
  stoa jobs retry 4711`,
    )
    .action(async (options: { json?: true }, self: Command) => {
      const failed = await withJobQueue(await settingsOf(self), 'jobs', (query) => failedJobs(query));
      if (options.json) return printJson(failed);
      if (failed.length === 0) return print('No job has failed for good.');
      const rows = failed.map(({ id, task, attempts, failedAt, lastError }) => [
        id,
        task,
        attempts,
        failedAt.slice(0, 16).replace('T', ' '),
        lastError,
      ]);
      print(table(['id', 'job', 'attempts', 'failed (UTC)', 'last error'], rows, { right: [0, 2] }));
    });
}
