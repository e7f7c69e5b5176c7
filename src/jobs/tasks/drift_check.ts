import { setAlerts } from '../../alerts/set-alerts.ts';
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
    const alert = { name: 'schema_drift', subject: 'database' };
    const findings = differences.length > 0 ? [{ ...alert, level: 'warning' as const, detail }] : [];
    await setAlerts(context.query, [alert], findings);
    return { rowsAffected: differences.length, detail };
  });

export default driftCheck;
