import { closedToEverybody, type ModuleMatrix } from './cells.ts';
import { id } from './people.ts';

const backup = id(0x41);

// The operation of the database is read with the command line, by people who may log in to the server.
export const ops: ModuleMatrix = {
  'ops.pgmigrations': { rows: [], cells: closedToEverybody },
  'ops.migration_steps': { rows: [], cells: closedToEverybody },
  'ops.schema_migrations': { rows: [], cells: closedToEverybody },
  'ops.partition_policies': { rows: [], cells: closedToEverybody },
  'ops.retention_policies': { rows: [], cells: closedToEverybody },
  'ops.personal_data_rules': { rows: [], cells: closedToEverybody },
  'ops.personal_identifiers': { rows: [], cells: closedToEverybody },
  'ops.impersonal_tables': { rows: [], cells: closedToEverybody },
  'ops.backup_tiers': { rows: [], cells: closedToEverybody },
  'ops.backfills': { rows: [], cells: closedToEverybody },
  'ops.client_versions': { rows: [], cells: closedToEverybody },
  'ops.invariants': { rows: [], cells: closedToEverybody },
  'ops.accepted_findings': {
    rows: [{ label: 'acceptance', values: { identity: 'unused_index core.x', reason: 'Wanted soon.' } }],
    cells: closedToEverybody,
  },
  'ops.heartbeat': {
    rows: [{ label: 'heartbeat', values: { beat_at: '2026-01-01T00:00:00Z' } }],
    cells: closedToEverybody,
  },
  'ops.backup_runs': {
    rows: [{ label: 'backup', values: { id: backup, kind: 'base', location: 'base/1' } }],
    cells: closedToEverybody,
  },
  'ops.restore_tests': {
    rows: [{ label: 'drill', values: { backup_run_id: backup } }],
    cells: closedToEverybody,
  },
  'ops.archive_exports': {
    rows: [
      {
        label: 'export',
        values: {
          parent: 'audit.logs',
          partition: 'audit_logs_history',
          row_count: 1,
          location: 'archive/1',
          sha256: Buffer.alloc(32),
        },
      },
    ],
    cells: closedToEverybody,
  },
  'ops.counter_repairs': {
    rows: [
      {
        label: 'repair',
        values: { counter: 'forums.posts.score', row_key: '{}', cached_value: 1, true_value: 2 },
      },
    ],
    cells: closedToEverybody,
  },
  'ops.partition_retirements': {
    rows: [
      {
        label: 'retirement',
        values: {
          partition: 'parts.audit_logs_history',
          parent: 'audit.logs',
          bounds: 'FOR VALUES FROM (MINVALUE) TO (1)',
          status: 'detaching',
        },
      },
    ],
    cells: closedToEverybody,
  },
  'ops.hold_kinds': { rows: [], cells: closedToEverybody },
  'ops.hold_rules': { rows: [], cells: closedToEverybody },
  'ops.legal_holds': {
    rows: [
      {
        label: 'hold',
        values: { kind: 'user', subject_id: id(0x42), reason: 'Case 1', placed_by: 'operator' },
      },
    ],
    cells: closedToEverybody,
  },
  'ops.alerts': {
    rows: [{ label: 'alert', values: { name: 'job_failed', level: 'error', subject: 'send_mail' } }],
    cells: closedToEverybody,
  },
  'ops.workers': {
    rows: [{ label: 'worker', values: { id: 'pool-1', process_id: 1, host: 'here' } }],
    cells: closedToEverybody,
  },
  'ops.running_jobs': {
    rows: [
      {
        label: 'running',
        values: { run_id: id(0x42), task: 'retention_run', worker_id: 'pool-1', is_exclusive: true },
      },
    ],
    cells: closedToEverybody,
  },
  'ops.job_totals': { rows: [{ label: 'total', values: { task: 'send_mail' } }], cells: closedToEverybody },
  'ops.job_runs': { rows: [{ label: 'run', values: { task: 'sweep_presence' } }], cells: closedToEverybody },
};
