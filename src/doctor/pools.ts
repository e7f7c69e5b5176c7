import type { Client } from 'pg';

export interface SessionCount {
  readonly application: string;
  readonly user: string;
  readonly database: string;
  readonly active: number;
  readonly idle: number;
  readonly idleInTransaction: number;
  /** Active and waiting for a lock. */
  readonly waiting: number;
  readonly total: number;
  /** The oldest transaction in which nothing happens; null where there is none. */
  readonly longestIdleInTransactionMs: number | null;
}

export interface PoolReport {
  readonly maxConnections: number;
  /** Kept for superusers and others; the rest is what logins can have. */
  readonly reserved: number;
  readonly used: number;
  /** Of what logins can have, 0 to 1. */
  readonly saturation: number;
  readonly sessions: readonly SessionCount[];
}

const query = `
  select
    coalesce(nullif(application_name, ''), '(unnamed)') as application,
    usename::text as user,
    datname::text as database,
    count(*) filter (where state = 'active')::integer as active,
    count(*) filter (where state = 'idle')::integer as idle,
    count(*) filter (where state like 'idle in transaction%')::integer as "idleInTransaction",
    count(*) filter (where state = 'active' and wait_event_type = 'Lock')::integer as waiting,
    count(*)::integer as total,
    (extract(epoch from max(clock_timestamp() - state_change) filter (where state like 'idle in transaction%')) * 1000)::float8
      as "longestIdleInTransactionMs"
  from pg_catalog.pg_stat_activity
  where backend_type = 'client backend' and pid <> pg_backend_pid()
  group by 1, 2, 3
  order by count(*) desc, 1, 2, 3`;

/** Who holds how many connections. All sessions are seen by a superuser or a member of pg_monitor only. */
export async function readPools(client: Client): Promise<PoolReport> {
  const { rows: sessions } = await client.query<SessionCount>(query);
  const { rows } = await client.query<{ maximum: number; reserved: number }>(
    `select
       current_setting('max_connections')::integer as maximum,
       current_setting('superuser_reserved_connections')::integer
         + coalesce(current_setting('reserved_connections', true)::integer, 0) as reserved`,
  );
  const { maximum = 0, reserved = 0 } = rows[0] ?? {};
  const used = sessions.reduce((sum, { total }) => sum + total, 0);
  return { maxConnections: maximum, reserved, used, saturation: used / (maximum - reserved), sessions };
}

export interface ApiPool {
  readonly pool: string;
  readonly busy: number;
  readonly idle: number;
  /** Requests that wait for a connection now. */
  readonly waiting: number;
  /** Requests for a connection since the API began. */
  readonly requests: number;
  /** How long they waited on average; null where there was none. */
  readonly meanWaitMs: number | null;
  /** 99 of 100 waited no longer than that, as exact as the buckets of the histogram; null where there was none. */
  readonly waitP99Ms: number | null;
}

/** What the API says of its own pools; undefined where its figures cannot be had. */
export async function askApi(
  metricsUrl: string,
  token: string | undefined,
): Promise<readonly ApiPool[] | undefined> {
  const patienceMs = 2_000;
  let text: string;
  try {
    const response = await fetch(metricsUrl, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(patienceMs),
    });
    if (!response.ok) return undefined;
    text = await response.text();
  } catch {
    return undefined;
  }
  return poolsIn(text);
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** `stoa_pool_connections{pool="gateway",state="busy"} 3` in the text format of Prometheus. */
function seriesOf(text: string, name: string): readonly Series[] {
  return [...text.matchAll(new RegExp(`^${name}\\{([^}]*)\\} (\\S+)$`, 'gm'))].map(
    ([, labels = '', value]) => ({
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', content = '']) => [key, content]),
      ),
      value: Number(value),
    }),
  );
}

export function poolsIn(text: string): readonly ApiPool[] {
  const connections = seriesOf(text, 'stoa_pool_connections');
  const counts = seriesOf(text, 'stoa_pool_wait_seconds_count');
  const sums = seriesOf(text, 'stoa_pool_wait_seconds_sum');
  const buckets = seriesOf(text, 'stoa_pool_wait_seconds_bucket');
  const names = new Set(connections.map(({ labels }) => labels['pool'] ?? ''));
  return [...names].map((pool) => {
    const figure = (series: readonly Series[], state?: string): number =>
      series.find(({ labels }) => labels['pool'] === pool && labels['state'] === state)?.value ?? 0;
    const requests = figure(counts);
    const seconds = figure(sums);
    const bound = buckets
      .filter(({ labels, value }) => labels['pool'] === pool && value >= requests * 0.99)
      .map(({ labels }) => Number(labels['le']))
      .filter(Number.isFinite)
      .sort((a, b) => a - b)[0];
    return {
      pool,
      busy: figure(connections, 'busy'),
      idle: figure(connections, 'idle'),
      waiting: figure(connections, 'waiting'),
      requests,
      meanWaitMs: requests === 0 ? null : (seconds / requests) * 1_000,
      waitP99Ms: requests === 0 || bound === undefined ? null : bound * 1_000,
    };
  });
}
