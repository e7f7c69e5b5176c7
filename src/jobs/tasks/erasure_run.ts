import { StoaError } from '../../errors.ts';
import { erasePeople } from '../../privacy/erasure.ts';
import { openStorage } from '../../storage/open.ts';
import { recorded, type StoaTask } from '../task.ts';

/** Carries out requests for erasure whose time has come, one person after the other. */
const erasureRun: StoaTask = (_payload, context) =>
  recorded('erasure_run', context, async () => {
    const { rows } = await context.query<{ id: string }>("select id from audit.due_requests('erase')");
    if (rows.length === 0) return { rowsAffected: 0 };
    const storage = await openStorage(context.config);
    let [proved, open, refused] = [0, 0, 0];
    try {
      for (const { id } of rows) {
        context.abortSignal?.throwIfAborted();
        try {
          const outcomes = await context.withPgClient((client) =>
            erasePeople(client, storage, [id], { signal: context.abortSignal }),
          );
          for (const { certificate, scan } of outcomes) {
            if (certificate !== undefined) {
              proved += 1;
              continue;
            }
            open += 1;
            await alert(context, 'erasure_not_proved', id, {
              places: scan.found.map(({ column }) => column),
            });
          }
        } catch (error) {
          if (!(error instanceof StoaError)) throw error;
          if (error.code === 'privacy.busy') continue;
          refused += 1;
          await context.query('select audit.note_request_error($1, $2)', [
            id,
            `${error.code}: ${error.message}`,
          ]);
          await alert(context, 'erasure_refused', id, { code: error.code });
        }
      }
    } finally {
      storage.close();
    }
    return { rowsAffected: proved, detail: { open, refused } };
  });

/** Operators learn of it where the database has alerts. */
async function alert(
  context: Parameters<StoaTask>[1],
  name: string,
  requestId: string,
  detail: object,
): Promise<void> {
  const { rows } = await context.query<{ has: boolean }>(
    "select to_regprocedure('ops.raise_alert(text, text, text, jsonb)') is not null as has",
  );
  if (!rows[0]?.has) return;
  await context.query('select ops.raise_alert($1, $2, $3, $4)', [
    name,
    'error',
    requestId,
    JSON.stringify(detail),
  ]);
}

export default erasureRun;
