import { findDrift } from '../../drift/find.ts';
import { recorded, type StoaTask } from '../task.ts';

const shown = 20;

/**
 * Compares the live catalog with its replayed history, every night, and raises the alarm when somebody changed it by
 * hand. What was accepted does not count.
 */
const driftCheck: StoaTask = (_payload, context) =>
  recorded('drift_check', context, async () => {
    const { adminUrl, databaseUrl } = context.config;
    const { differences, accepted, migrations } = await findDrift({ adminUrl, databaseUrl });
    const detail = {
      migrations,
      accepted: accepted.length,
      differences: differences.length,
      first: differences.slice(0, shown).map(({ change, kind, identity }) => `${change} ${kind} ${identity}`),
    };
    await alarm(context, differences.length > 0, detail);
    return { rowsAffected: differences.length, detail };
  });

async function alarm(
  context: Parameters<StoaTask>[1],
  isRaised: boolean,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (isRaised) {
    await context.query("select ops.raise_alert('schema_drift', 'warning', 'database', $1)", [
      JSON.stringify(detail),
    ]);
  } else {
    await context.query("select ops.resolve_alert('schema_drift', 'database')");
  }
}

export default driftCheck;
