import { untilDone } from '../batches.ts';
import type { StoaTask } from '../task.ts';

const proposalsAtOnce = 20;

/** Counts the proposals whose time is over. The audit log has an entry of each proposal. */
const proposalsClose: StoaTask = (_payload, context) =>
  untilDone(context, 'governance.close_due_proposals(p_limit => $1)', [proposalsAtOnce], proposalsAtOnce);

export default proposalsClose;
