import { untilDone } from '../batches.ts';
import type { StoaTask } from '../task.ts';

const proposalsAtOnce = 20;

/** Opens the proposals whose time has come. The audit log has an entry of each proposal. */
const proposalsOpen: StoaTask = (_payload, context) =>
  untilDone(context, 'governance.open_due_proposals(p_limit => $1)', [proposalsAtOnce], proposalsAtOnce);

export default proposalsOpen;
