import type { Query } from './partitions.ts';
import { nextRunOf, scheduleOf } from './timetable.ts';

/** What is known of one task. Fields are added, never renamed. */
export interface ListedJob {
  readonly name: string;
  /** As a cron line in UTC; null: queued when something happens. */
  readonly schedule: string | null;
  readonly lastRun: {
    readonly startedAt: string;
    readonly outcome: 'running' | 'ok' | 'failed' | 'stopped';
    /** So far, while it runs. */
    readonly durationMs: number;
    readonly rows: number | null;
  } | null;
  readonly nextRun: string | null;
  /** Jobs that could run now and wait. */
  readonly due: number;
  /** Jobs that failed for the last time. */
  readonly failed: number;
}

interface Row {
  readonly name: string;
  readonly started_at: Date | null;
  readonly status: 'running' | 'ok' | 'failed' | 'stopped' | null;
  readonly duration_ms: number | null;
  readonly rows_affected: string | null;
  readonly due: number;
  readonly failed: number;
}

/** The tasks with their last runs and what waits of them, by name. */
export async function listJobs(query: Query, tasks: readonly string[]): Promise<readonly ListedJob[]> {
  const { rows } = await query<Row>(
    `select
       task.name,
       last_run.started_at,
       last_run.status,
       (extract(epoch from coalesce(last_run.finished_at, now()) - last_run.started_at) * 1000)::float as duration_ms,
       last_run.rows_affected,
       coalesce(queue.due, 0) as due,
       coalesce(queue.failed, 0) as failed
     from unnest($1::text[]) as task (name)
     left join lateral (
       select run.started_at, run.finished_at, run.status, run.rows_affected
       from ops.job_runs as run
       where run.task = task.name
       order by run.id desc
       limit 1
     ) as last_run on true
     left join (
       select
         queued.identifier as name,
         count(*) filter (where job.attempts < job.max_attempts and job.run_at <= now())::integer as due,
         count(*) filter (where job.attempts >= job.max_attempts)::integer as failed
       from graphile_worker._private_jobs as job
       join graphile_worker._private_tasks as queued on queued.id = job.task_id
       where job.locked_at is null
       group by queued.identifier
     ) as queue using (name)
     order by task.name`,
    [tasks],
  );
  const now = new Date();
  return rows.map((row) => ({
    name: row.name,
    schedule: scheduleOf(row.name) ?? null,
    lastRun:
      row.started_at === null || row.status === null
        ? null
        : {
            startedAt: row.started_at.toISOString(),
            outcome: row.status,
            durationMs: Math.round(row.duration_ms ?? 0),
            rows: row.rows_affected === null ? null : Number(row.rows_affected),
          },
    nextRun: nextRunOf(row.name, now)?.toISOString() ?? null,
    due: row.due,
    failed: row.failed,
  }));
}
