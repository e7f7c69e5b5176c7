import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, escapeIdentifier } from 'pg';
import { connect } from '../../postgres/connect.ts';
import {
  countedWork,
  type HeldLock,
  locksOf,
  type Measurement,
  readCounts,
  strongestLocks,
} from './measure.ts';
import { type Snapshot, snapshotChanges, takeSnapshot } from './snapshot.ts';

/**
 * Each conflicts with a later stage of a concurrent statement: its first lock, its wait for writers, for readers, and,
 * of DETACH PARTITION, the lock on the partition alone that comes after the wait for readers of the parent.
 */
const obstacles = [
  { mode: 'share update exclusive', onParents: true },
  { mode: 'row exclusive', onParents: true },
  { mode: 'access share', onParents: true },
  { mode: 'access share', onParents: false },
] as const;

/** A table in whose way something may be put. */
export interface ConcurrentSubject {
  readonly name: string;
  readonly isParent: boolean;
}

const lookEveryMs = 5;

/**
 * Runs a statement that cannot run inside a transaction, and tells what it did.
 *
 * Its locks come and go while it runs, so other sessions stand in its way, one for each stage: as soon as it waits for
 * one of them, its locks are read, and that one gives way. Nothing is left to the luck of looking at the right moment.
 */
export async function measureOutsideTransaction(
  databaseUrl: string,
  worker: Client,
  text: string,
  subjects: readonly ConcurrentSubject[],
  before: Snapshot,
  inUse = before,
): Promise<{ measurement: Measurement; after: Snapshot }> {
  const { rows } = await worker.query<{ pid: number }>('select pg_backend_pid() as pid');
  const pid = rows[0]?.pid ?? 0;
  const countsBefore = await readCounts(worker, 'session');
  const watcher = await connect(databaseUrl, 'migrate (plan watcher)');
  const standing = await Promise.all(obstacles.map(() => connect(databaseUrl, 'migrate (plan obstacle)')));
  const seen: HeldLock[] = [];
  try {
    const inTheWay = new Map<number, Client>();
    for (const [index, client] of standing.entries()) {
      const obstacle = obstacles[index];
      await client.query('begin');
      for (const { name, isParent } of subjects) {
        if (!obstacle || (isParent && !obstacle.onParents)) continue;
        await client.query(`lock table only ${name} in ${obstacle.mode} mode`);
      }
      const { rows: own } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      inTheWay.set(own[0]?.pid ?? 0, client);
    }
    let isOver = false;
    const running = worker.query(text).finally(() => {
      isOver = true;
    });
    // Reported by the await below; until then nobody listens.
    running.catch(() => undefined);
    while (!isOver) {
      seen.push(...(await locksOf(watcher, pid)));
      const { rows: blocking } = await watcher.query<{ pids: number[] }>(
        'select pg_blocking_pids($1) as pids',
        [pid],
      );
      const found = (blocking[0]?.pids ?? []).filter((each) => inTheWay.has(each));
      if (found.length > 0) {
        seen.push(...(await locksOf(watcher, pid)));
        for (const each of found) {
          await inTheWay.get(each)?.query('commit');
          inTheWay.delete(each);
        }
      } else {
        await sleep(lookEveryMs);
      }
    }
    await running;
  } finally {
    await Promise.all([...standing, watcher].map((client) => client.end()));
  }
  const countsAfter = await readCounts(worker, 'session');
  const after = await takeSnapshot(worker);
  return {
    after,
    measurement: {
      locks: strongestLocks(seen, before, inUse),
      ...countedWork(countsBefore, countsAfter, inUse),
      changes: snapshotChanges(before, after, inUse),
    },
  };
}

/** The tables of the relations that a statement names: a lock on an index begins at its table. */
export async function tablesOf(
  client: Client,
  names: readonly string[],
): Promise<readonly ConcurrentSubject[]> {
  const { rows } = await client.query<{ schema: string; name: string; isParent: boolean }>(
    `select distinct n.nspname as schema, c.relname as name, c.relkind = 'p' as "isParent"
     from unnest($1::text[]) as given (name)
     join pg_class as named on named.oid = to_regclass(given.name)
     left join pg_index as i on i.indexrelid = named.oid
     join pg_class as c on c.oid = coalesce(i.indrelid, named.oid)
     join pg_namespace as n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p')`,
    [names],
  );
  return rows.map(({ schema, name, isParent }) => ({
    name: `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
    isParent,
  }));
}
