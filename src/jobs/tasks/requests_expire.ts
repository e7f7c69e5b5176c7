import type { StoaTask } from '../task.ts';

/** Ends requests whose time is over, one a transaction, and gives their points back. The ledger records each. */
const requestsExpire: StoaTask = async (_payload, context) => {
  for (;;) {
    const { rows } = await context.query<{ handled: number }>('select tracker.expire_requests() as handled');
    if ((rows[0]?.handled ?? 0) === 0) return;
    context.abortSignal?.throwIfAborted();
  }
};

export default requestsExpire;
