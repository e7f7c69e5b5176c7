import { type AlertRow, alertColumns, alertOf } from '../../alerts/alert.ts';
import { postAlert } from '../../alerts/webhook.ts';
import { recorded, type StoaTask } from '../task.ts';

const atOnce = 50;

/**
 * Tells the service that operators chose what began, what got worse and what is over, the oldest first. Each is marked
 * when it was taken, so whoever is cut off goes on with the next.
 */
const alertDeliver: StoaTask = (_payload, context) =>
  recorded('alert_deliver', context, async () => {
    const { alertWebhookUrl: url, alertWebhookSecret: secret, publicUrl: installation } = context.config;
    let told = 0;
    while (url !== undefined) {
      const { rows } = await context.query<AlertRow>(
        `select ${alertColumns}
         from ops.alerts
         where (delivered_at is null or (resolved_at is not null and resolution_delivered_at is null))
           -- Nobody had a service when these were over.
           and (resolved_at is null or resolved_at > now() - interval '1 day')
         order by id
         limit $1`,
        [atOnce],
      );
      for (const row of rows) {
        context.abortSignal?.throwIfAborted();
        await postAlert({ url, secret, installation }, alertOf(row));
        // It may have got worse, or be over, since it was read: then it is told again.
        await context.query(
          `update ops.alerts
           set delivered_at = now(),
               resolution_delivered_at = case when $3 then now() end
           where id = $1 and level = $2 and (not $3 or resolved_at is not null)`,
          [row.id, row.level, row.resolved_at !== null],
        );
        told += 1;
        context.run?.progress(told);
      }
      // Until there is nothing: what was raised meanwhile has no other run that would tell it.
      if (rows.length === 0) break;
    }
    return { rowsAffected: told };
  });

export default alertDeliver;
