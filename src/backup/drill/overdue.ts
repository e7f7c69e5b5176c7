import type { QueryResult, QueryResultRow } from 'pg';
import type { Finding } from '../../alerts/set-alerts.ts';

export const drillAlert = 'restore_test_overdue';

/** The job runs monthly; a few days more than the longest month. */
const patienceDays = 35;

/**
 * Tells when no drill has succeeded for 35 days although there are backups: a drill that does not run says nothing by
 * itself.
 */
export async function judgeDrills(
  query: <Row extends QueryResultRow>(text: string, values?: unknown[]) => Promise<QueryResult<Row>>,
): Promise<readonly Finding[]> {
  const { rows } = await query<{ proved_at: Date | null; since: Date | null; is_overdue: boolean }>(
    `select
       proof.proved_at,
       backup.since,
       coalesce(coalesce(proof.proved_at, backup.since) < now() - make_interval(days => $1), false) as is_overdue
     from (select max(finished_at) as proved_at from ops.restore_tests where status = 'ok') as proof
     cross join (
       select min(started_at) as since
       from ops.backup_runs
       where status in ('ok', 'expired') and kind in ('base', 'manual')
     ) as backup`,
    [patienceDays],
  );
  const row = rows[0];
  if (!row?.is_overdue) return [];
  const detail = { lastSuccess: row.proved_at?.toISOString() ?? null, days: patienceDays };
  return [{ name: drillAlert, level: 'error', subject: '', detail }];
}
