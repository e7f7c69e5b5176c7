import type { StoaTask } from '../task.ts';

const proposalsAtOnce = 20;

/** Counts the proposals whose time is over. Leaves no record of each run: the audit log has one of each proposal. */
const proposalsClose: StoaTask = async (_payload, context) => {
  for (;;) {
    const { rows } = await context.query<{ closed: number }>(
      'select governance.close_due_proposals(p_limit => $1) as closed',
      [proposalsAtOnce],
    );
    if ((rows[0]?.closed ?? 0) < proposalsAtOnce) return;
    context.abortSignal?.throwIfAborted();
  }
};

export default proposalsClose;
