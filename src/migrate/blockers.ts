import type { Client } from 'pg';
import type { Blocker } from './events.ts';

const columns = `
  activity.pid,
  activity.usename as "user",
  nullif(activity.application_name, '') as application,
  coalesce(activity.client_hostname, host(activity.client_addr)) as client,
  activity.state,
  nullif(activity.query, '<insufficient privilege>') as query,
  round(extract(epoch from clock_timestamp() - coalesce(activity.xact_start, activity.backend_start)) * 1000)::float8
    as "ageMs"`;

/**
 * The sessions for which the backend `pid` waits right now. A concurrent index build that waits for a snapshot waits
 * for the virtual transaction of the session that holds it, which the server counts as a lock: both appear here.
 */
export async function blockersOf(watcher: Client, pid: number): Promise<readonly Blocker[]> {
  const { rows } = await watcher.query<Blocker>(
    `select
       ${columns},
       case when waiter.wait_event = 'virtualxid' then 'snapshot' else 'lock' end as holds
     from pg_stat_activity as waiter
     cross join lateral unnest(pg_blocking_pids(waiter.pid)) as blocking (pid)
     join pg_stat_activity as activity on activity.pid = blocking.pid
     where waiter.pid = $1
     order by activity.xact_start nulls last`,
    [pid],
  );
  return rows.length > 0 ? rows : preparedTransactions(watcher, pid);
}

/** A transaction that was prepared and never committed blocks like any other, from no process at all. */
async function preparedTransactions(watcher: Client, pid: number): Promise<readonly Blocker[]> {
  const { rows } = await watcher.query<Blocker>(
    `select
       0 as pid,
       owner as "user",
       null as application,
       null as client,
       format('prepared transaction %L', gid) as state,
       null as query,
       round(extract(epoch from clock_timestamp() - prepared) * 1000)::float8 as "ageMs",
       'lock' as holds
     from pg_prepared_xacts
     where database = current_database() and 0 = any (pg_blocking_pids($1))
     order by prepared`,
    [pid],
  );
  return rows;
}

/** `pid 4711, application "psql", user ana, from 10.0.0.5, idle in transaction, transaction of 3 min 2 s` */
export function describeBlocker(blocker: Blocker): string {
  const facts = [`pid ${blocker.pid}`];
  if (blocker.application) facts.push(`application "${blocker.application}"`);
  if (blocker.user) facts.push(`user ${blocker.user}`);
  if (blocker.client) facts.push(`from ${blocker.client}`);
  const state = blocker.state ?? 'in a session whose details this login may not see';
  facts.push(blocker.ageMs === null ? state : `${state}, transaction of ${duration(blocker.ageMs)}`);
  return facts.join(', ');
}

/** Its query on one line, where it may be seen. */
export function queryOf(blocker: Blocker): string | undefined {
  return blocker.query?.replaceAll(/\s+/g, ' ').trim() || undefined;
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
