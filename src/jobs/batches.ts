import type { TaskContext } from './task.ts';

/**
 * Calls a function that does a batch of work and says how much it did, a transaction each time, until it did less than
 * a whole batch; the sum is what the run reports. `call` is the function with its arguments: `governance.open_due_proposals(p_limit => $1)`.
 */
export async function untilDone(
  context: TaskContext,
  call: string,
  values: readonly unknown[] = [],
  atOnce = 1,
): Promise<void> {
  let total = 0;
  for (;;) {
    context.abortSignal?.throwIfAborted();
    // A bigint comes as a text.
    const { rows } = await context.query<{ done: number | string }>(`select ${call} as done`, [...values]);
    const done = Number(rows[0]?.done ?? 0);
    total += done;
    context.run?.report({ rowsAffected: total });
    context.run?.progress(total);
    if (done < atOnce) return;
  }
}

/** The identifiers of the groups that insight looks at, in batches, in their order. */
export async function* groupBatches(
  context: TaskContext,
  atOnce: number,
): AsyncGenerator<readonly string[], void, undefined> {
  for (let after: string | null = null; ; ) {
    context.abortSignal?.throwIfAborted();
    const { rows }: { rows: { id: string }[] } = await context.query(
      'select id from insight.groups_after($1, $2) as next (id)',
      [after, atOnce],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ id }) => id);
    after = last.id;
  }
}
