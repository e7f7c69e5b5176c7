import type { Client } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { withoutLiterals } from './without-literals.ts';

export interface LockSession {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string;
  readonly database: string | null;
  readonly backend: string;
  readonly state: string | null;
  /** Since its transaction began; null where it has none. */
  readonly transactionMs: number | null;
  /** Since it began to wait for a lock; null where it does not. */
  readonly waitingMs: number | null;
  /** `AccessExclusiveLock on forums.posts`; null where it does not wait. */
  readonly wants: string | null;
  /** What it runs, or ran last, without values unless they were asked for. */
  readonly statement: string;
}

/** A session and those that wait for it. */
export interface BlockingTree extends LockSession {
  readonly blocks: readonly BlockingTree[];
  /** Why it stands here again: it waits for somebody above. PostgreSQL ends one of them soon. */
  readonly isCycle: boolean;
}

export interface LockReport {
  /** Those that block others and wait for nobody. */
  readonly trees: readonly BlockingTree[];
  readonly waiting: number;
}

interface Row extends LockSession {
  readonly blockers: readonly number[];
}

const query = `
  select
    a.pid,
    a.usename::text as user,
    coalesce(a.application_name, '') as application,
    a.datname::text as database,
    a.backend_type as backend,
    a.state,
    (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::float8 as "transactionMs",
    (extract(epoch from clock_timestamp() - wanted.waitstart) * 1000)::float8 as "waitingMs",
    wanted.what as wants,
    coalesce(a.query, '') as statement,
    pg_catalog.pg_blocking_pids(a.pid) as blockers
  from pg_catalog.pg_stat_activity as a
  left join lateral (
    select
      l.waitstart,
      case
        when l.relation is null then format('%s (%s)', l.mode, l.locktype)
        -- The name of a relation of another database cannot be looked up from here.
        when l.database not in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
          then format('%s on relation %s of another database', l.mode, l.relation)
        else format('%s on %s', l.mode, l.relation::regclass)
      end as what
    from pg_catalog.pg_locks as l
    where l.pid = a.pid and not l.granted
    order by l.waitstart
    limit 1
  ) as wanted on true
  where a.pid <> pg_backend_pid()`;

/** Who waits for whom. All sessions are seen by a superuser or a member of pg_monitor only. */
export async function readLocks(client: Client, { queries = false } = {}): Promise<LockReport> {
  const { rows } = await client.query<Row>(query);
  const sessions = new Map(rows.map((row) => [row.pid, row]));
  const waiters = new Map<number, number[]>();
  for (const { pid, blockers } of rows) {
    // A prepared transaction blocks as process 0, and one process may hold several locks.
    for (const blocker of new Set(blockers)) waiters.set(blocker, [...(waiters.get(blocker) ?? []), pid]);
  }
  const told = new Set<number>();
  const tree = (pid: number, above: readonly number[]): BlockingTree => {
    told.add(pid);
    const session = sessions.get(pid) ?? gone(pid);
    const isCycle = above.includes(pid);
    return {
      pid: session.pid,
      user: session.user,
      application: session.application,
      database: session.database,
      backend: session.backend,
      state: session.state,
      transactionMs: session.transactionMs,
      waitingMs: session.waitingMs,
      wants: session.wants,
      statement: queries
        ? session.statement.replaceAll(/\s+/g, ' ').trim()
        : withoutLiterals(session.statement),
      isCycle,
      blocks: isCycle
        ? []
        : [...(waiters.get(pid) ?? [])].sort((a, b) => a - b).map((waiter) => tree(waiter, [...above, pid])),
    };
  };
  const isWaiting = (pid: number): boolean => (sessions.get(pid)?.blockers.length ?? 0) > 0;
  const roots = [...waiters.keys()].filter((pid) => !isWaiting(pid)).sort((a, b) => a - b);
  const trees = roots.map((pid) => tree(pid, []));
  // A deadlock has no root: it is told from its lowest process on.
  for (const pid of [...waiters.keys()].sort((a, b) => a - b)) if (!told.has(pid)) trees.push(tree(pid, []));
  return { trees, waiting: rows.filter(({ blockers }) => blockers.length > 0).length };
}

function gone(pid: number): Row {
  return {
    pid,
    user: null,
    application: pid === 0 ? 'a prepared transaction' : 'ended meanwhile',
    database: null,
    backend: '',
    state: null,
    transactionMs: null,
    waitingMs: null,
    wants: null,
    statement: '',
    blockers: [],
  };
}

export interface Target extends LockSession {
  /** Why it is left alone unless that is insisted on; undefined for an ordinary session. */
  readonly protection: string | undefined;
}

/** What a process is, before anything is done to it. Throws where there is none. */
export async function findSession(client: Client, pid: number, { queries = false } = {}): Promise<Target> {
  const { rows } = await client.query<Row>(`${query} and a.pid = $1`, [pid]);
  const [row] = rows;
  if (!row) {
    throw new StoaError('locks.no_session', `No other session of this server is process ${pid}.`, {
      cure: 'Take the number from "stoa locks" or "stoa pool".',
      exitCode: exitCodes.usage,
    });
  }
  const { blockers: _, ...session } = row;
  return {
    ...session,
    statement: queries ? session.statement : withoutLiterals(session.statement),
    protection: protectionOf(session),
  };
}

function protectionOf({ backend, user, application }: LockSession): string | undefined {
  if (backend === 'walsender')
    return 'it sends the log to a backup or a replica, which would have a gap or begin anew';
  if (user === 'stoa_backup' || /^stoa (backup|wal|restore)/.test(application)) {
    return 'it is a backup of Stoa, which would have to begin anew';
  }
  if (backend !== 'client backend') return `it is a process of the server itself (${backend})`;
  return undefined;
}

export interface EndOptions {
  readonly pid: number;
  /** `cancel` ends the statement, `terminate` the session. */
  readonly how: 'cancel' | 'terminate';
  readonly force?: boolean;
}

/** Answers whether the signal was sent. */
export async function endSession(client: Client, { pid, how, force = false }: EndOptions): Promise<boolean> {
  const { protection } = await findSession(client, pid);
  if (protection !== undefined && !force) {
    throw new StoaError('locks.protected', `Process ${pid} is left alone: ${protection}.`, {
      cure: 'Insist with --force.',
      exitCode: exitCodes.refused,
    });
  }
  const { rows } = await client.query<{ sent: boolean }>(
    how === 'cancel' ? 'select pg_cancel_backend($1) as sent' : 'select pg_terminate_backend($1) as sent',
    [pid],
  );
  return rows[0]?.sent === true;
}
