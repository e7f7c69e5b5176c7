import type { StoaTask } from '../task.ts';

/** Accepts fills that nobody answered, one a transaction, and pays them. The ledger records each. */
const fillsConfirm: StoaTask = async (_payload, context) => {
  for (;;) {
    const { rows } = await context.query<{ handled: number }>(
      'select tracker.confirm_due_fills() as handled',
    );
    if ((rows[0]?.handled ?? 0) === 0) return;
    context.abortSignal?.throwIfAborted();
  }
};

export default fillsConfirm;
