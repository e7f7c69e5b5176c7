import type { QueryResult, QueryResultRow } from 'pg';
import { setAlerts } from '../../alerts/set-alerts.ts';
import { backupsPrefix, isBackupId, type PhysicalBackup } from '../catalog.ts';
import type { DrillReport } from './report.ts';

type Query = <Row extends QueryResultRow>(text: string, values?: unknown[]) => Promise<QueryResult<Row>>;

export const failedDrillAlert = 'restore_test_failed';

/**
 * The newest backup of the cluster that the database has a record of and that is not expired, as the login of the
 * worker. Ask before the storage is looked at: a backup is in the storage before it is in the record.
 */
export async function newestRecorded(query: Query): Promise<string | undefined> {
  const { rows } = await query<{ location: string }>(
    `select location from ops.backup_runs
     where status = 'ok' and kind in ('base', 'increment') and (expires_at is null or expires_at > now())
     order by finished_at desc nulls last limit 1`,
  );
  const { location = '' } = rows[0] ?? {};
  const id = location.slice(backupsPrefix.length);
  return location.startsWith(backupsPrefix) && isBackupId(id) ? id : undefined;
}

/**
 * Keeps a report in ops.restore_tests of the database that is backed up, as the login of the worker, and raises or
 * resolves the alert. A backup that was taken elsewhere gets its row in ops.backup_runs; a drill that failed before it
 * could choose one (`backup` is undefined) has none, or that of the one it should have chosen.
 */
export async function recordDrill(
  query: Query,
  backup: PhysicalBackup | undefined,
  report: DrillReport,
  targetAt: Date,
): Promise<void> {
  const location = `${backupsPrefix}${report.backup}`;
  const { rows: known } = await query<{ id: string }>(
    `with present as (
       select id from ops.backup_runs where location = $1 order by started_at limit 1
     ), made as (
       insert into ops.backup_runs (kind, location, encrypted, wal_start_lsn, wal_end_lsn, started_at, finished_at, status)
       select $2::text, $1, $3, $4, $5, $6, $7, 'ok'
       where $2::text is not null and not exists (select from present)
       returning id
     )
     select id from present union all select id from made`,
    [
      location,
      backup?.kind,
      (backup?.recipients.length ?? 0) > 0,
      backup?.startLsn,
      backup?.endLsn,
      backup?.startedAt,
      backup?.finishedAt,
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
      known[0]?.id ?? null,
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
            detail: { backup: report.backup, failure, failed },
          },
        ],
  );
}
