import { redactedError } from './redact.ts';
import type { Run, RunReport, StoaTask, TaskContext } from './task.ts';

export interface Performance {
  readonly name: string;
  readonly task: StoaTask;
  readonly payload: unknown;
  readonly context: Omit<TaskContext, 'run'>;
  /** The row of ops.workers that does it. */
  readonly workerId: string;
  /** Recorded from its start, and one at a time: jobs of the timetable, and what a person runs. */
  readonly isScheduled: boolean;
  readonly onProgress?: (done: number, total?: number) => void;
}

export type Outcome =
  | { readonly kind: 'done'; readonly report: RunReport | undefined }
  /** Somebody else is at it: it does what is due, this one would have found nothing. */
  | { readonly kind: 'busy' }
  /** The process is stopping; what was done so far stays done. */
  | { readonly kind: 'stopped' };

/** Does one job and records what came of it. Throws what the task threw, without values that are nobody's business. */
export async function perform(performance: Performance): Promise<Outcome> {
  const { name, task, payload, context, workerId, isScheduled, onProgress } = performance;
  let run: string | null | undefined;
  let report: RunReport | undefined;
  const begin = async (): Promise<boolean> => {
    if (run) return true;
    const { rows } = await context.query<{ run: string | null }>('select ops.begin_run($1, $2, $3) as run', [
      name,
      workerId,
      isScheduled,
    ]);
    run = rows[0]?.run;
    return Boolean(run);
  };
  const finish = (status: 'ok' | 'failed' | 'stopped', detail: object): Promise<unknown> =>
    context.query('select ops.finish_run($1, $2, $3, $4)', [
      run,
      status,
      report?.rowsAffected ?? null,
      JSON.stringify(detail),
    ]);
  const handle: Run = {
    async begin() {
      await begin();
    },
    report(told) {
      report = told;
    },
    progress: (done, total) => onProgress?.(done, total),
  };
  if (isScheduled && !(await begin())) return { kind: 'busy' };
  try {
    await task(payload, { ...context, run: handle });
  } catch (error) {
    if (context.abortSignal?.aborted) {
      if (run) await finish('stopped', { ...report?.detail });
      return { kind: 'stopped' };
    }
    const told = redactedError(error);
    await begin();
    await finish('failed', { ...report?.detail, message: told.message });
    throw told;
  }
  if (run) await finish('ok', report?.detail ?? {});
  return { kind: 'done', report };
}
