import { anchorLog } from '../../audit/seals.ts';
import { openBackupStorage } from '../../storage/open.ts';
import { recorded, type StoaTask } from '../task.ts';

/** Keeps the head of the chain of seals outside the database. */
const auditAnchor: StoaTask = (_payload, context) =>
  recorded('audit_anchor', context, async () => {
    const storage = await openBackupStorage(context.config);
    try {
      const sequence = await context.withPgClient((client) => anchorLog(client, storage));
      return { rowsAffected: sequence === null ? 0 : 1, detail: { sequence } };
    } finally {
      storage.close();
    }
  });

export default auditAnchor;
