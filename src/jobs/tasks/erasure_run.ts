import { setAlerts } from '../../alerts/set-alerts.ts';
import { StoaError } from '../../errors.ts';
import { erasePeople } from '../../privacy/erasure.ts';
import { openPlaces } from '../../privacy/places.ts';
import { recorded, type StoaTask } from '../task.ts';

/** Carries out requests for erasure whose time has come, one person after the other. */
const erasureRun: StoaTask = (_payload, context) =>
  recorded('erasure_run', context, async () => {
    const { rows } = await context.query<{ id: string }>("select id from audit.due_requests('erase')");
    if (rows.length === 0) return { rowsAffected: 0 };
    const places = await openPlaces(context.config);
    let [proved, open, refused] = [0, 0, 0];
    try {
      for (const { id } of rows) {
        context.abortSignal?.throwIfAborted();
        try {
          const outcomes = await context.withPgClient((client) =>
            erasePeople(client, places, [id], { signal: context.abortSignal }),
          );
          for (const { certificate, scan, heldIn } of outcomes) {
            if (certificate !== undefined) {
              proved += 1;
              continue;
            }
            open += 1;
            await alert(context, 'erasure_not_proved', id, {
              places: scan.found.map(({ column }) => column),
              heldIn,
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
      places.close();
    }
    return { rowsAffected: proved, detail: { open, refused } };
  });

/** Nothing resolves it but a person. */
function alert(
  context: Parameters<StoaTask>[1],
  name: string,
  subject: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  return setAlerts(context.query, [], [{ name, level: 'error', subject, detail }]);
}

export default erasureRun;
