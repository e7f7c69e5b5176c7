create or replace function audit.head_seal()
returns table (sequence bigint, digest bytea)
language sql
stable
-- The chain is granted to nobody.
security definer
set search_path = ''
rows 1
begin atomic
  select seal.sequence, seal.digest from audit.seals as seal order by seal.sequence desc limit 1;
end;

comment on function audit.head_seal() is
  'Worker: the newest seal of the log, to be anchored outside the database. None before the first.';

revoke all on function audit.head_seal() from public;
grant execute on function audit.head_seal() to stoa_worker;
