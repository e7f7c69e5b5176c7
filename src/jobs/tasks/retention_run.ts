import type { JobHelpers } from 'graphile-worker';
import { recorded, type StoaTask } from '../task.ts';

/** One rule over its whole table, a transaction a batch. */
async function applyRule(name: string, context: JobHelpers): Promise<number> {
  let total = 0;
  let after: unknown = null;
  do {
    context.abortSignal?.throwIfAborted();
    const { rows } = await context.query<{ rows_affected: string; next_after: unknown }>(
      'select rows_affected, next_after from ops.run_retention($1, now(), $2)',
      [name, after === null ? null : JSON.stringify(after)],
    );
    total += Number(rows[0]?.rows_affected ?? 0);
    after = rows[0]?.next_after ?? null;
  } while (after !== null);
  return total;
}

/** Ages out what ops.retention_policies says. Cut off anywhere, the next run goes on with what is left. */
const retentionRun: StoaTask = (_payload, context) =>
  recorded('retention_run', context, async () => {
    const { rows: rules } = await context.query<{ name: string }>(
      "select name from ops.retention_policies where is_active and action <> 'archive' order by name",
    );
    const affected: Record<string, number> = {};
    for (const { name } of rules) affected[name] = await applyRule(name, context);
    return {
      rowsAffected: Object.values(affected).reduce((sum, rows) => sum + rows, 0),
      detail: { affected },
    };
  });

export default retentionRun;
