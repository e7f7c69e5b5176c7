import type { StoaTask } from '../task.ts';

const proposalsAtOnce = 20;

/** Opens the proposals whose time has come. Leaves no record of each run: the audit log has one of each proposal. */
const proposalsOpen: StoaTask = async (_payload, context) => {
  for (;;) {
    const { rows } = await context.query<{ opened: number }>(
      'select governance.open_due_proposals(p_limit => $1) as opened',
      [proposalsAtOnce],
    );
    if ((rows[0]?.opened ?? 0) < proposalsAtOnce) return;
    context.abortSignal?.throwIfAborted();
  }
};

export default proposalsOpen;
