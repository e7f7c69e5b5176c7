import type { JobHelpers } from 'graphile-worker';
import type { Logger } from '../log.ts';
import type { ReadyConfig } from '../postgres/database.ts';

/** What a task is given besides its payload: graphile-worker's helpers, and this installation. */
export interface TaskContext extends JobHelpers {
  readonly config: ReadyConfig;
  readonly log: Logger;
  /** What this run is recorded as; absent where nobody records. */
  readonly run?: Run;
}

/** The record of one run while it lasts. */
export interface Run {
  /** From here on it is in ops.job_runs. A job of the timetable is from its start, another one when it fails. */
  begin(): Promise<void>;
  /** What it did in the end. */
  report(report: RunReport): void;
  /** How far it is, for whoever watches. */
  progress(done: number, total?: number): void;
}

/**
 * One task. It may be run again after it failed or was cut off at any point, so doing it twice must equal doing it
 * once; it works in bounded batches and looks at `abortSignal` between them.
 */
export type StoaTask = (payload: unknown, context: TaskContext) => Promise<void>;

/** What a run did, for operators: kept in ops.job_runs. Never personal data. */
export interface RunReport {
  readonly rowsAffected: number;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Does the work of a task and records when, how it ended and how much it moved. A failure is passed on. */
export async function recorded(
  task: string,
  context: Pick<TaskContext, 'query' | 'run'>,
  work: () => Promise<RunReport>,
): Promise<void> {
  if (context.run) {
    await context.run.begin();
    context.run.report(await work());
    return;
  }
  const { rows } = await context.query<{ id: string }>(
    'insert into ops.job_runs (task) values ($1) returning id',
    [task],
  );
  const finish = (status: 'ok' | 'failed', rowsAffected: number | null, detail: object) =>
    context.query(
      `update ops.job_runs
       set status = $2, rows_affected = $3, detail = $4, finished_at = clock_timestamp()
       where id = $1`,
      [rows[0]?.id, status, rowsAffected, JSON.stringify(detail)],
    );
  try {
    const report = await work();
    await finish('ok', report.rowsAffected, report.detail ?? {});
  } catch (error) {
    await finish('failed', null, { message: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}
