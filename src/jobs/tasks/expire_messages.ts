import type { StoaTask } from '../task.ts';

/** Removes messages whose time is up; they have been invisible since. Leaves no record of each run. */
const expireMessages: StoaTask = async (_payload, context) => {
  let after: unknown = null;
  do {
    context.abortSignal?.throwIfAborted();
    const { rows } = await context.query<{ next_after: unknown }>(
      "select next_after from ops.run_retention('messaging_disappearing_messages', now(), $1)",
      [after === null ? null : JSON.stringify(after)],
    );
    after = rows[0]?.next_after ?? null;
  } while (after !== null);
};

export default expireMessages;
