import { type LiveAdvisor, limit } from './advisor.ts';

export const connectionsUsed: LiveAdvisor = {
  name: 'connections_used',
  level: 'warning',
  title: 'Few connections are left',
  why: 'When the last one is taken, the API, the worker and a DBA are refused alike. Pools that add up to more than the server has are a fault of configuration: see "stoa pool".',
  query: `
    with used as (
      select a.application_name, count(*) as sessions, count(*) filter (where a.state = 'idle') as idle
      from pg_catalog.pg_stat_activity as a
      where a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
      group by a.application_name
    ),
    room as (
      select current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true)::integer, 0) as connections
    )
    select
      'max_connections' as object,
      format('%s of %s are taken, most by %s (%s, of them %s idle).',
        (select sum(sessions) from used), room.connections, quote_ident(most.application_name), most.sessions, most.idle) as what,
      format(
        'select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = %L and state = ''idle'' and pid <> pg_backend_pid();',
        most.application_name
      ) as cure
    from room
    cross join lateral (select * from used order by sessions desc, application_name limit 1) as most
    where (select sum(sessions) from used) >= room.connections * ${limit('connectionShare')}`,
};
