import { type Command, InvalidArgumentError } from 'commander';
import { exitCodes, StoaError } from '../../errors.ts';
import { retryJobs } from '../../jobs/failed.ts';
import { withJobQueue } from '../job-queue.ts';
import { print, printJson } from '../output.ts';
import { settingsOf } from '../settings.ts';

function jobId(text: string): string {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('It must be the number of a job.');
  return text;
}

export function registerJobsRetry(jobs: Command): void {
  jobs
    .command('retry')
    .description('give jobs that failed for good all their attempts again')
    .argument('[ID]', 'the number of a job, as "stoa jobs failed" shows it', jobId)
    .option('--all', 'every job that failed for good')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nThe first attempt is made as soon as a worker is free.')
    .action(async (id: string | undefined, options: { all?: true; json?: true }, self: Command) => {
      if ((id === undefined) === (options.all === undefined)) {
        throw new StoaError('jobs.retry_what', 'Name one job, or say --all.', {
          cure: 'List them with "stoa jobs failed".',
          exitCode: exitCodes.usage,
        });
      }
      const retried = await withJobQueue(await settingsOf(self), 'jobs', (query) =>
        retryJobs(query, id === undefined ? undefined : [id]),
      );
      if (id !== undefined && retried.length === 0) {
        throw new StoaError('jobs.not_failed', `No job with the number ${id} has failed for good.`, {
          cure: 'List those that have with "stoa jobs failed".',
          exitCode: exitCodes.refused,
        });
      }
      if (options.json) printJson({ retried });
      else print(`${retried.length} ${retried.length === 1 ? 'job gets' : 'jobs get'} new attempts.`);
    });
}
