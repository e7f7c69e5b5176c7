create or replace function ops.backup_figures()
returns table (figure text, label text, value double precision)
language sql
stable
-- The registries have no grant; this tells ages and counts of them.
security definer
set search_path = ''
begin atomic
  select 'backup_age_seconds', run.kind, extract(epoch from now() - max(run.finished_at))::double precision
  from ops.backup_runs as run
  where run.status = 'ok'
  group by run.kind
  union all
  select 'restore_test_age_seconds', '', extract(epoch from now() - max(test.finished_at))::double precision
  from ops.restore_tests as test
  where test.status = 'ok'
  having max(test.finished_at) is not null
  union all
  select seen.figure, '', seen.value
  from (
    select run.detail
    from ops.job_runs as run
    where run.task = 'wal_check' and run.status = 'ok'
    order by run.id desc
    limit 1
  ) as newest
  cross join lateral (
    values
      ('wal_lag_bytes', (newest.detail ->> 'lagBytes')::double precision),
      ('wal_archive_age_seconds', extract(epoch from now() - (newest.detail ->> 'lastAt')::timestamptz)::double precision),
      ('wal_slot_safe_bytes', (newest.detail ->> 'safeBytes')::double precision)
  ) as seen (figure, value)
  where seen.value is not null;
end;

comment on function ops.backup_figures() is
  'What operators watch of backups: age in seconds of the last good one of each kind, of the last drill that succeeded and of the newest log in the storage, how far the storage is behind in bytes, and how much the server may still write before it gives up the slot. The last three as wal_check saw them. A few index look-ups, and the rows of two small tables.';

revoke all on function ops.backup_figures() from public;
grant execute on function ops.backup_figures() to stoa_auth;
