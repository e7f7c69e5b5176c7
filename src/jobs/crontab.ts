import type { CronItem } from 'graphile-worker';

/** A daily job that was due while no worker ran is made up for when one starts, if that is within a day. */
const daily = { backfillPeriod: 24 * 60 * 60 * 1_000 } as const;

/** When each job runs, in UTC. */
export const crontab: readonly CronItem[] = [
  { task: 'partitions_maintain', match: '30 0 * * *', options: daily },
  { task: 'presence_sweep', match: '* * * * *' },
];
