import type { StoaTask } from '../task.ts';

/** Removes messages whose time is up; they have been invisible since. */
const expireMessages: StoaTask = async (_payload, context) => {
  let after: unknown = null;
  let removed = 0;
  do {
    context.abortSignal?.throwIfAborted();
    const { rows } = await context.query<{ rows_affected: string; next_after: unknown }>(
      "select rows_affected, next_after from ops.run_retention('messaging_disappearing_messages', now(), $1)",
      [after === null ? null : JSON.stringify(after)],
    );
    removed += Number(rows[0]?.rows_affected ?? 0);
    context.run?.report({ rowsAffected: removed });
    after = rows[0]?.next_after ?? null;
  } while (after !== null);
};

export default expireMessages;
