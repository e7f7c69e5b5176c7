import { untilDone } from '../batches.ts';
import type { StoaTask } from '../task.ts';

/** Ends requests whose time is over, one a transaction, and gives their points back. The ledger records each. */
const requestsExpire: StoaTask = (_payload, context) => untilDone(context, 'tracker.expire_requests()');

export default requestsExpire;
