-- Why: the outcomes of the runs that were recorded before are checked, so that the constraint holds for all of them.
-- Locks: SHARE UPDATE EXCLUSIVE on ops.job_runs while its rows are read once; readers and writers go on. Some seconds
-- for millions of rows. Back: the constraint as it was, not validated; ACCESS EXCLUSIVE for a moment.

-- Up Migration

alter table ops.job_runs validate constraint job_runs_status_check;

-- Down Migration

alter table ops.job_runs drop constraint job_runs_status_check;
alter table ops.job_runs
  add constraint job_runs_status_check check (status in ('running', 'ok', 'failed', 'stopped')) not valid;
comment on constraint job_runs_status_check on ops.job_runs is 'The outcomes that exist.';
