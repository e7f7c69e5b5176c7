import { untilDone } from '../batches.ts';
import type { StoaTask } from '../task.ts';

/** Accepts fills that nobody answered, one a transaction, and pays them. The ledger records each. */
const fillsConfirm: StoaTask = (_payload, context) => untilDone(context, 'tracker.confirm_due_fills()');

export default fillsConfirm;
