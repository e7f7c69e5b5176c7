create or replace function tracker.stale_after()
returns interval
language sql
stable
begin atomic
  select make_interval(secs => 2 * core.setting_integer('tracker.swarm.announce_interval_seconds')) + interval '10 minutes';
end;

comment on function tracker.stale_after() is
  'Internal. How long a peer may be silent: two announce intervals and ten minutes.';

revoke all on function tracker.stale_after() from public;
