create or replace function ops.readiness(p_migrations text[])
returns table (pending_migrations integer, uncovered_tables integer, late_tables integer)
language sql
stable
-- The registries have no grant; this tells counts of them, and no names.
security definer
set search_path = ''
rows 1
begin atomic
  select
    (
      select count(*)::integer
      from unnest(p_migrations) as wanted (name)
      where not exists (select from ops.pgmigrations as applied where applied.name = wanted.name)
    ),
    (count(*) filter (where status.covered_until is null or status.covered_until <= now() + interval '1 hour'))::integer,
    (count(*) filter (where status.ahead < 2))::integer
  from ops.partition_status(now()) as status;
end;

comment on function ops.readiness(text[]) is
  'Whether a process that knows these migrations can serve: how many of them are not applied, for how many partitioned tables rows cannot be written in an hour, and how many have fewer than 2 partitions ahead, which is an alarm. One look-up a migration, and the catalog entries of the partitions.';

revoke all on function ops.readiness(text[]) from public;
grant execute on function ops.readiness(text[]) to stoa_auth;
