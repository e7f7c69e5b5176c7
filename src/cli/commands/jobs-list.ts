import type { Command } from 'commander';
import { type ListedJob, listJobs } from '../../jobs/listing.ts';
import { tasksOf } from '../../jobs/tasks.ts';
import { resolveModules } from '../../modules.ts';
import { withJobQueue } from '../job-queue.ts';
import { duration, print, printJson, styled, table } from '../output.ts';
import { settingsOf } from '../settings.ts';

/** `3 min`, `2 h`, `5 d`: how far away a moment is, in one word and a number. */
function away(milliseconds: number): string {
  const minutes = Math.round(Math.max(0, milliseconds) / 60_000);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

function show(jobs: readonly ListedJob[]): void {
  const now = Date.now();
  const rows = jobs.map(({ name, schedule, lastRun, nextRun, due }) => [
    name,
    schedule ?? 'on event',
    lastRun && `${away(now - Date.parse(lastRun.startedAt))} ago`,
    lastRun?.outcome,
    lastRun && duration(lastRun.durationMs),
    lastRun?.rows?.toLocaleString('en'),
    nextRun && `in ${away(Date.parse(nextRun) - now)}`,
    due,
  ]);
  print(
    table(['job', 'schedule', 'last run', 'outcome', 'took', 'rows', 'next', 'due'], rows, {
      right: [4, 5, 7],
    }),
  );
  const failed = jobs.reduce((sum, job) => sum + job.failed, 0);
  if (failed > 0) {
    print();
    print(
      styled(
        'yellow',
        `! ${failed} ${failed === 1 ? 'job has' : 'jobs have'} failed for good: stoa jobs failed`,
      ),
    );
  }
}

export function registerJobsList(jobs: Command): void {
  jobs
    .command('list')
    .description('each job with its schedule, its last run, the next one, and how many wait')
    .option('--json', 'print one JSON array')
    .addHelpText(
      'after',
      `
Schedules are cron lines in UTC. Jobs "on event" are queued when something happens; only their failures are
recorded. Runs that found nothing to do are shown by the newest of them.

Examples:
  stoa jobs list
  stoa jobs list --json | jq '.[] | select(.lastRun.outcome == "failed")'`,
    )
    .action(async (options: { json?: true }, self: Command) => {
      const listed = await withJobQueue(await settingsOf(self), 'jobs', (query, config) =>
        listJobs(query, Object.keys(tasksOf(resolveModules(config.modules)))),
      );
      if (options.json) printJson(listed);
      else show(listed);
    });
}
