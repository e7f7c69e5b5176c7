import { sealLog } from '../../audit/seals.ts';
import type { StoaTask } from '../task.ts';

/** Puts new entries of the audit log under a seal. Too frequent to be recorded. */
const auditSeal: StoaTask = async (_payload, context) => {
  await context.withPgClient((client) => sealLog(client));
};

export default auditSeal;
