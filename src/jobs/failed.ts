import type { Query } from './partitions.ts';
import { redact } from './redact.ts';

/** A job that failed for the last time. Its payload is not shown: it names people. */
export interface FailedJob {
  readonly id: string;
  readonly task: string;
  readonly attempts: number;
  readonly failedAt: string;
  /** Without values that are nobody's business. */
  readonly lastError: string;
}

const isFailed = 'job.attempts >= job.max_attempts and job.locked_at is null';

export async function failedJobs(query: Query): Promise<readonly FailedJob[]> {
  const { rows } = await query<{
    id: string;
    task: string;
    attempts: number;
    failed_at: Date;
    last_error: string | null;
  }>(
    `select job.id, task.identifier as task, job.attempts, job.updated_at as failed_at, job.last_error
     from graphile_worker._private_jobs as job
     join graphile_worker._private_tasks as task on task.id = job.task_id
     where ${isFailed}
     order by job.id`,
  );
  return rows.map(({ failed_at: failedAt, last_error: lastError, ...rest }) => ({
    ...rest,
    failedAt: failedAt.toISOString(),
    lastError: redact(lastError ?? ''),
  }));
}

/** Gives failed jobs all their attempts again, the first one now. Returns those that got them; all when none is named. */
export async function retryJobs(query: Query, ids?: readonly string[]): Promise<readonly string[]> {
  const { rows } = await query<{ id: string }>(
    `update graphile_worker._private_jobs as job
     set attempts = 0, run_at = now(), updated_at = now()
     where ${isFailed} and ($1::bigint[] is null or job.id = any ($1))
     returning job.id`,
    [ids ?? null],
  );
  await query('select ops.watch_jobs()');
  return rows.map(({ id }) => id).sort((one, other) => Number(one) - Number(other));
}
