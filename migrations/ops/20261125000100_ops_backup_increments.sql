-- Why: an increment was not in the catalogue of backups, because it had no kind there; and a drill that fails before it
-- can choose a backup (the storage does not answer, a key is wrong, what describes a backup is damaged) could not be
-- recorded, because its row had to name one.
-- Locks: ACCESS EXCLUSIVE on ops.backup_runs and ops.restore_tests for a moment, then SHARE UPDATE EXCLUSIVE on the
-- former while its rows are read: a row an hour for two years, some milliseconds. API and members use neither.
-- Back: increments are in the catalogue as bases again, which is what a drill called those that it met; drills that could
-- not choose a backup are forgotten.

-- Up Migration

alter table ops.backup_runs drop constraint backup_runs_kind_check;
alter table ops.backup_runs
  add constraint backup_runs_kind_check
  check (kind in ('base', 'increment', 'wal_check', 'logical_full', 'logical_tier', 'manual')) not valid;
-- stoa:allow validated-in-the-same-file: a row a backup, kept for two years, so there are few rows to read
alter table ops.backup_runs validate constraint backup_runs_kind_check;

comment on constraint backup_runs_kind_check on ops.backup_runs is 'The values that exist.';
comment on column ops.backup_runs.kind is
  'base (all files of the server), increment (what changed of them since another backup), wal_check, logical_full, logical_tier, manual.';

alter table ops.restore_tests alter column backup_run_id drop not null;

comment on column ops.restore_tests.backup_run_id is
  'What was restored; null where the drill failed before it could choose a backup.';

-- Down Migration

delete from ops.restore_tests where backup_run_id is null;
alter table ops.restore_tests alter column backup_run_id set not null;

comment on column ops.restore_tests.backup_run_id is 'What was restored.';

update ops.backup_runs set kind = 'base' where kind = 'increment';
alter table ops.backup_runs drop constraint backup_runs_kind_check;
alter table ops.backup_runs
  add constraint backup_runs_kind_check
  check (kind in ('base','wal_check','logical_full','logical_tier','manual')) not valid;
alter table ops.backup_runs validate constraint backup_runs_kind_check;

comment on constraint backup_runs_kind_check on ops.backup_runs is 'The values that exist.';
comment on column ops.backup_runs.kind is 'Base (physical), wal_check, logical_full, logical_tier, manual.';
