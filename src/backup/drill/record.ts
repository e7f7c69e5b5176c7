import type { QueryResult, QueryResultRow } from 'pg';
import { setAlerts } from '../../alerts/set-alerts.ts';
import { backupsPrefix, type PhysicalBackup } from '../catalog.ts';
import type { DrillReport } from './report.ts';

type Query = <Row extends QueryResultRow>(text: string, values?: unknown[]) => Promise<QueryResult<Row>>;

export const failedDrillAlert = 'restore_test_failed';

/**
 * Keeps a report in ops.restore_tests of the database that is backed up, as the login of the worker, and raises or
 * resolves the alert. A backup that was taken elsewhere gets its row in ops.backup_runs.
 */
export async function recordDrill(
  query: Query,
  backup: PhysicalBackup,
  report: DrillReport,
  targetAt: Date,
): Promise<void> {
  const location = `${backupsPrefix}${backup.id}`;
  const { rows: known } = await query<{ id: string }>(
    `with present as (
       select id from ops.backup_runs where location = $1 order by started_at limit 1
     ), made as (
       insert into ops.backup_runs (kind, location, encrypted, wal_start_lsn, wal_end_lsn, started_at, finished_at, status)
       select 'base', $1, $2, $3, $4, $5, $6, 'ok'
       where not exists (select from present)
       returning id
     )
     select id from present union all select id from made`,
    [
      location,
      backup.recipients.length > 0,
      backup.startLsn,
      backup.endLsn,
      backup.startedAt,
      backup.finishedAt,
    ],
  );
  const { verdict, failure, rpo, rto, notTested } = report;
  const checks = {
    verdict,
    failure,
    rpo,
    rto,
    target: report.target,
    results: Object.fromEntries(
      report.checks.map(({ name, state, evidence, findings }) => [name, { state, evidence, findings }]),
    ),
    notTested,
  };
  await query(
    `insert into ops.restore_tests (backup_run_id, target_time, started_at, finished_at, status, checks)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      known[0]?.id,
      targetAt,
      report.startedAt,
      report.finishedAt,
      verdict === 'passed' ? 'ok' : 'failed',
      JSON.stringify(checks),
    ],
  );
  const failed = report.checks.filter(({ state }) => state === 'failed').map(({ name }) => name);
  await setAlerts(
    query,
    [{ name: failedDrillAlert, subject: '' }],
    verdict === 'passed'
      ? []
      : [
          {
            name: failedDrillAlert,
            level: 'critical',
            subject: '',
            detail: { backup: backup.id, failure, failed },
          },
        ],
  );
}
