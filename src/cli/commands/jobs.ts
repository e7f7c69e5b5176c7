import type { Command } from 'commander';
import { registerJobsFailed } from './jobs-failed.ts';
import { registerJobsList } from './jobs-list.ts';
import { registerJobsRetry } from './jobs-retry.ts';
import { registerJobsRun } from './jobs-run.ts';

export function registerJobs(program: Command): void {
  const jobs = program
    .command('jobs')
    .description('what runs in the background: when, how it went, what waits')
    .action(() => {
      jobs.help({ error: true });
    });
  registerJobsList(jobs);
  registerJobsRun(jobs);
  registerJobsFailed(jobs);
  registerJobsRetry(jobs);
}
