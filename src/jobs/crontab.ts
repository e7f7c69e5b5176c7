import type { CronItem } from 'graphile-worker';

/** A daily job that was due while no worker ran is made up for when one starts, if that is within a day. */
const daily = { backfillPeriod: 24 * 60 * 60 * 1_000 } as const;

/** The same for what runs once a week or a month. */
const weekly = { backfillPeriod: 7 * 24 * 60 * 60 * 1_000 } as const;
const monthly = { backfillPeriod: 28 * 24 * 60 * 60 * 1_000 } as const;

/** When each job runs, in UTC. Those of modules that are left out do not. */
export const crontab: readonly (CronItem & { readonly task: string })[] = [
  { task: 'health_compute', match: '15 0 * * *', options: daily },
  { task: 'partitions_maintain', match: '30 0 * * *', options: daily },
  { task: 'retention_run', match: '30 2 * * *', options: daily },
  { task: 'backup_base', match: '0 3 * * *', options: daily },
  { task: 'backup_logical', match: '30 3 * * *', options: daily },
  { task: 'backup_increment', match: '20 * * * *' },
  { task: 'uploads_sweep', match: '30 3 * * *', options: daily },
  { task: 'counters_repair', match: '0 4 * * *', options: daily },
  { task: 'forum_counters_repair', match: '10 4 * * *', options: daily },
  { task: 'conversation_positions_repair', match: '20 4 * * *', options: daily },
  { task: 'governance_counters_repair', match: '30 4 * * *', options: daily },
  { task: 'group_counters_repair', match: '40 4 * * *', options: daily },
  { task: 'moderation_counters_repair', match: '50 4 * * *', options: daily },
  { task: 'classes_promote', match: '0 5 * * *', options: daily },
  { task: 'reputation_recompute', match: '30 5 * * *', options: daily },
  { task: 'achievements_evaluate', match: '15 * * * *' },
  { task: 'backfill_run', match: '* * * * *' },
  { task: 'presence_sweep', match: '* * * * *' },
  { task: 'flush_views', match: '* * * * *' },
  { task: 'expire_messages', match: '* * * * *' },
  { task: 'proposals_open', match: '* * * * *' },
  { task: 'proposals_close', match: '* * * * *' },
  { task: 'voice_sweep', match: '*/2 * * * *' },
  { task: 'threads_archive', match: '*/5 * * * *' },
  { task: 'heartbeat', match: '* * * * *' },
  { task: 'restore_test', match: '0 5 1 * *', options: daily },
  { task: 'wal_check', match: '*/5 * * * *' },
  { task: 'summaries_plan', match: '*/10 * * * *' },
  { task: 'audit_seal', match: '* * * * *' },
  { task: 'audit_anchor', match: '7 * * * *' },
  { task: 'erasure_run', match: '*/10 * * * *' },
  { task: 'export_run', match: '*/10 * * * *' },
  { task: 'tracker_statistics_repair', match: '50 4 * * *', options: daily },
  { task: 'top_lists_refresh', match: '20 5 * * *', options: daily },
  { task: 'peer_days_sum_up', match: '15 1 * * *', options: daily },
  { task: 'bonus_award', match: '5 * * * *' },
  { task: 'peers_snapshot', match: '*/30 * * * *' },
  { task: 'peers_sweep', match: '*/5 * * * *' },
  { task: 'torrent_statistics_refresh', match: '* * * * *' },
  { task: 'requests_expire', match: '* * * * *' },
  { task: 'fills_confirm', match: '*/5 * * * *' },
  { task: 'freeleech_end', match: '*/5 * * * *' },
  { task: 'tracker_catalogue_repair', match: '55 4 * * *', options: daily },
  {
    task: 'retention_run',
    match: '15 * * * *',
    identifier: 'retention_run_hourly',
    payload: { hourly: true },
  },
  { task: 'partitions_retire', match: '45 0 * * *', options: daily },
  { task: 'archive_monthly', match: '0 6 2 * *', options: monthly },
  { task: 'archive_quarterly', match: '0 7 3 1,4,7,10 *', options: monthly },
  { task: 'archive_scrub', match: '0 8 4 * *', options: monthly },
  { task: 'archive_chat', match: '0 7 * * 0', options: weekly },
  { task: 'alert_deliver', match: '*/5 * * * *' },
  { task: 'drift_check', match: '40 1 * * *', options: daily },
];

/**
 * A job that waits is replaced by the next of its task, so what cannot be done does not pile up; ten attempts are made
 * within ten hours. That a task fails again and again is an alert (ops.watch_jobs).
 */
export function cronItemsOf(tasks: Readonly<Record<string, unknown>>): CronItem[] {
  return crontab
    .filter(({ task }) => task in tasks)
    .map((item) => ({
      ...item,
      options: { maxAttempts: 10, ...item.options, jobKey: item.identifier ?? item.task },
    }));
}

const scheduled: ReadonlySet<string> = new Set(crontab.map(({ task }) => task));

/** Whether a task is on the timetable: it does everything that is due, so one at a time is enough. */
export function isScheduled(task: string): boolean {
  return scheduled.has(task);
}
