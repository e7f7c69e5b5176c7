import { StoaError } from '../../errors.ts';
import { deliverExport } from '../../privacy/export.ts';
import { openStorage } from '../../storage/open.ts';
import { recorded, type StoaTask } from '../task.ts';

/** Makes the archives that people asked for, and tells them. */
const exportRun: StoaTask = (_payload, context) =>
  recorded('export_run', context, async () => {
    const { rows } = await context.query<{ id: string; user_id: string }>(
      "select id, user_id from audit.due_requests('export')",
    );
    if (rows.length === 0) return { rowsAffected: 0 };
    const storage = await openStorage(context.config);
    let [delivered, failed] = [0, 0];
    try {
      for (const { id, user_id: userId } of rows) {
        context.abortSignal?.throwIfAborted();
        try {
          await context.withPgClient((client) =>
            deliverExport(client, storage, { id, userId }, { signal: context.abortSignal }),
          );
          delivered += 1;
        } catch (error) {
          if (!(error instanceof StoaError)) throw error;
          failed += 1;
          await context.query('select audit.note_request_error($1, $2)', [
            id,
            `${error.code}: ${error.message}`,
          ]);
        }
      }
    } finally {
      storage.close();
    }
    return { rowsAffected: delivered, detail: { failed } };
  });

export default exportRun;
