import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import pg from 'pg';
import { findArchive } from './catalog.ts';
import { archivePartition } from './partition.ts';
import { type ArchiveSession, throwIfStopped, withTableToMyself } from './session.ts';

export type RetirementStep = 'summed up' | 'detached' | 'exported' | 'dropped';

export interface Retirement {
  readonly parent: string;
  readonly partition: string;
  /** `due` is what a look says, the others are what a run did. */
  readonly outcome: 'due' | 'dropped' | 'held' | 'waits';
  /** Why it is held, or for whom it waits. */
  readonly reason: string | null;
  /** Rows and bytes of the archive, where one was written. */
  readonly archivedRows: number | null;
  readonly archivedBytes: number | null;
}

export interface RetireOptions {
  /** The tables, as schema.table; all that have a retention when left out. */
  readonly parents?: readonly string[];
  readonly now?: Date;
  /** How long one partition may wait for those who read the table. */
  readonly patienceMs?: number;
  readonly onStep?: (partition: string, step: RetirementStep) => void;
}

interface Policy {
  readonly parent: string;
  readonly isExported: boolean;
  readonly beforeRetire: string | null;
}

/**
 * While a statement waits for a lock that others want as well, they wait behind it: so each attempt is short, and many
 * are made.
 */
const attemptMs = 100;
const pauseMs = 250;

const notAvailable = '55P03';

async function policiesOf(client: Client, parents: readonly string[] | undefined): Promise<Policy[]> {
  const { rows } = await client.query<Policy>(
    `select parent, export_before_drop as "isExported", before_retire as "beforeRetire"
     from ops.partition_policies
     where retain is not null and ($1::text[] is null or parent = any ($1))
     order by parent`,
    [parents ?? null],
  );
  return rows;
}

interface Candidate {
  readonly partition: string;
  readonly isAttached: boolean;
}

/** What a run that was cut off left, then what is past its time, the oldest first. */
async function candidatesOf(client: Client, parent: string, now: Date): Promise<Candidate[]> {
  const { rows } = await client.query<Candidate>(
    `select leaving.partition, false as "isAttached", null::timestamptz as upper_bound
     from ops.partition_retirements as leaving
     where leaving.parent = $1
       and leaving.status in ('detached', 'held')
       and leaving.detached_at is not null
       and to_regclass(leaving.partition) is not null
       and not exists (select from pg_catalog.pg_inherits where inhrelid = to_regclass(leaving.partition))
     union all
     select bound.partition, true, bound.upper_bound
     from ops.partition_policies as policy
     cross join lateral ops.partition_bounds(policy.parent) as bound
     left join ops.partition_retirements as known on known.partition = bound.partition
     where policy.parent = $1
       and (
         bound.upper_bound <= $2::timestamptz - policy.retain and coalesce(known.keep_until, '-infinity') <= $2
         or exists (
           select from pg_catalog.pg_inherits where inhrelid = to_regclass(bound.partition) and inhdetachpending
         )
       )
     order by upper_bound nulls first`,
    [parent, now],
  );
  return rows;
}

async function setStatus(
  client: Client,
  partition: string,
  status: 'detached' | 'held',
  reason: string | null = null,
): Promise<void> {
  await client.query(
    `update ops.partition_retirements
     set status = $2, reason = $3, stepped_at = clock_timestamp(),
         detached_at = case when $2 = 'detached' then coalesce(detached_at, clock_timestamp()) else detached_at end
     where partition = $1`,
    [partition, status, reason],
  );
}

async function heldReason(client: Client, parent: string, partition: string): Promise<string | null> {
  const { rows } = await client.query<{ held: number }>('select ops.held_rows($1, $2)::float8 as held', [
    parent,
    partition,
  ]);
  const held = rows[0]?.held ?? 0;
  return held === 0 ? null : `${held.toLocaleString('en')} of its rows are under a legal hold`;
}

/** Who has the table in use, for the operator. */
async function usersOf(client: Client, parent: string): Promise<string> {
  const { rows } = await client.query<{ pid: number; name: string | null }>(
    `select distinct activity.pid, activity.application_name as name
     from pg_catalog.pg_locks as held
     join pg_catalog.pg_stat_activity as activity on activity.pid = held.pid
     where held.locktype = 'relation'
       and held.database = (select oid from pg_catalog.pg_database where datname = current_database())
       and held.relation = $1::regclass
       and held.granted
       and held.pid <> pg_backend_pid()
     order by activity.pid
     limit 5`,
    [parent],
  );
  if (rows.length === 0) return 'transactions that began before it was detached';
  return rows.map(({ pid, name }) => `process ${pid} (${name || 'unnamed'})`).join(', ');
}

/**
 * Detaches without a lock that readers or writers of the table would notice. An attempt that was cut off, by a kill or
 * because somebody reads the table for long, has hidden the partition already and is finished later. False while it
 * has to wait.
 */
async function detach(
  session: ArchiveSession,
  parent: string,
  partition: string,
  patienceMs: number,
): Promise<boolean> {
  const { client, signal } = session;
  const end = Date.now() + patienceMs;
  for (;;) {
    throwIfStopped(signal);
    const { rows } = await client.query<{ pending: boolean }>(
      'select inhdetachpending as pending from pg_catalog.pg_inherits where inhrelid = $1::regclass',
      [partition],
    );
    const [link] = rows;
    if (link === undefined) return true;
    try {
      await client.query(`set lock_timeout = ${attemptMs}`);
      await client.query(
        `alter table ${parent} detach partition ${partition} ${link.pending ? 'finalize' : 'concurrently'}`,
      );
      return true;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError && error.code === notAvailable)) throw error;
      if (Date.now() >= end) return false;
      await sleep(pauseMs);
    } finally {
      await client.query('reset lock_timeout');
    }
  }
}

/** The table goes and the books say so, in one transaction. A reason when a hold was placed meanwhile. */
async function drop(
  session: ArchiveSession,
  parent: string,
  partition: string,
  patienceMs: number,
): Promise<{ readonly held: string | null; readonly isDone: boolean }> {
  const { client, signal } = session;
  const end = Date.now() + patienceMs;
  for (;;) {
    throwIfStopped(signal);
    await client.query('begin');
    try {
      // A hold that is being placed waits for this transaction, or this transaction sees it.
      await client.query('lock table ops.legal_holds in share mode');
      const held = await heldReason(client, parent, partition);
      if (held !== null) {
        await client.query('rollback');
        return { held, isDone: false };
      }
      // Also the tables that it refers to are locked, for as long as it takes to forget the reference.
      await client.query(`set local lock_timeout = ${attemptMs}`);
      await client.query(`drop table ${partition}`);
      await client.query(
        `update ops.partition_retirements
         set status = 'dropped', reason = null, keep_until = null, stepped_at = clock_timestamp()
         where partition = $1`,
        [partition],
      );
      await client.query(
        `update ops.archive_exports set dropped_at = clock_timestamp()
         where parent = $1 and partition = $2 and verified_at is not null`,
        [parent, partition],
      );
      await client.query('commit');
      return { held: null, isDone: true };
    } catch (error) {
      await client.query('rollback');
      if (!(error instanceof pg.DatabaseError && error.code === notAvailable)) throw error;
      if (Date.now() >= end) return { held: null, isDone: false };
      await sleep(pauseMs);
    }
  }
}

/** Exports it unless an archive of it was verified since `after`. Nothing for a partition without rows. */
async function exportOnce(
  session: ArchiveSession,
  policy: Policy,
  partition: string,
  after: Date | null,
): Promise<{ readonly rows: number; readonly bytes: number } | null> {
  const { client } = session;
  if (!policy.isExported) return null;
  const { rows } = await client.query<{ has_rows: boolean }>(
    `select exists (select from ${partition}) as has_rows`,
  );
  if (!rows[0]?.has_rows) return null;
  const known = await findArchive(client, policy.parent, partition);
  if (known?.verifiedAt && known.exportedAt && (after === null || known.exportedAt >= after)) {
    return { rows: known.rows, bytes: known.bytes };
  }
  const manifest = await archivePartition(session, policy.parent, partition);
  return { rows: manifest.rows, bytes: manifest.file.bytes };
}

async function retireOne(
  session: ArchiveSession,
  policy: Policy,
  candidate: Candidate,
  options: RetireOptions,
): Promise<Retirement> {
  const { client } = session;
  const { parent } = policy;
  const { partition } = candidate;
  const patienceMs = options.patienceMs ?? 60_000;
  const outcome = (
    how: Retirement['outcome'],
    reason: string | null,
    archive: { readonly rows: number; readonly bytes: number } | null,
  ): Retirement => ({
    parent,
    partition,
    outcome: how,
    reason,
    archivedRows: archive?.rows ?? null,
    archivedBytes: archive?.bytes ?? null,
  });

  await client.query(
    `insert into ops.partition_retirements (partition, parent, bounds, status)
     select $2, $1, pg_get_expr(child.relpartbound, child.oid), 'detaching'
     from pg_catalog.pg_class as child
     where child.oid = to_regclass($2) and child.relispartition
     on conflict (partition) do update
     set bounds = excluded.bounds, status = 'detaching', reason = null, detached_at = null, keep_until = null,
         stepped_at = clock_timestamp()`,
    [parent, partition],
  );
  if (candidate.isAttached) {
    const { rows } = await client.query<{ pending: boolean }>(
      'select inhdetachpending as pending from pg_catalog.pg_inherits where inhrelid = $1::regclass',
      [partition],
    );
    if (!rows[0]?.pending) {
      const held = await heldReason(client, parent, partition);
      if (held !== null) {
        const archive = await exportOnce(session, policy, partition, null);
        await setStatus(client, partition, 'held', held);
        return outcome('held', held, archive);
      }
      if (policy.beforeRetire !== null) {
        await client.query(`select ${policy.beforeRetire}($1)`, [partition]);
        options.onStep?.(partition, 'summed up');
      }
    }
    if (!(await detach(session, parent, partition, patienceMs))) {
      return outcome('waits', `it waits for ${await usersOf(client, parent)}`, null);
    }
    options.onStep?.(partition, 'detached');
  }
  await setStatus(client, partition, 'detached');
  const { rows: steps } = await client.query<{ at: Date | null }>(
    'select detached_at as at from ops.partition_retirements where partition = $1',
    [partition],
  );
  const archive = await exportOnce(session, policy, partition, steps[0]?.at ?? null);
  if (archive !== null) options.onStep?.(partition, 'exported');
  const dropped = await drop(session, parent, partition, patienceMs);
  if (dropped.held !== null) {
    await setStatus(client, partition, 'held', dropped.held);
    return outcome('held', dropped.held, archive);
  }
  if (!dropped.isDone) return outcome('waits', 'what it refers to is in use', archive);
  options.onStep?.(partition, 'dropped');
  return outcome('dropped', null, archive);
}

/**
 * A partition that was detached when the process died is neither of the table nor known to be detached: now it is.
 * What was detached last time and is attached again was restored by hand and is looked at like any other.
 */
async function noticeDetached(client: Client, parent: string): Promise<void> {
  await client.query(
    `update ops.partition_retirements as leaving
     set status = 'detached', detached_at = clock_timestamp(), stepped_at = clock_timestamp()
     where leaving.parent = $1
       and leaving.status = 'detaching'
       and to_regclass(leaving.partition) is not null
       and not exists (select from pg_catalog.pg_inherits where inhrelid = to_regclass(leaving.partition))`,
    [parent],
  );
}

/** What `retirePartitions` would look at. Changes nothing. */
export async function partitionsToRetire(
  client: Client,
  options: RetireOptions = {},
): Promise<readonly Retirement[]> {
  const found: Retirement[] = [];
  for (const { parent } of await policiesOf(client, options.parents)) {
    for (const { partition } of await candidatesOf(client, parent, options.now ?? new Date())) {
      const reason = await heldReason(client, parent, partition);
      found.push({
        parent,
        partition,
        outcome: reason === null ? 'due' : 'held',
        reason,
        archivedRows: null,
        archivedBytes: null,
      });
    }
  }
  return found;
}

/**
 * Takes partitions that are past their time out of their tables: what is to be kept is exported and read back before
 * the drop. Every step is written down and may be the last one before a kill; the next run goes on from there.
 */
export async function retirePartitions(
  session: ArchiveSession,
  options: RetireOptions = {},
): Promise<readonly Retirement[]> {
  const { client } = session;
  const retired: Retirement[] = [];
  for (const policy of await policiesOf(client, options.parents)) {
    await withTableToMyself(client, policy.parent, async () => {
      await noticeDetached(client, policy.parent);
      for (const candidate of await candidatesOf(client, policy.parent, options.now ?? new Date())) {
        throwIfStopped(session.signal);
        const done = await retireOne(session, policy, candidate, options);
        retired.push(done);
        // PostgreSQL detaches one partition of a table at a time.
        if (done.outcome === 'waits') break;
      }
    });
  }
  return retired;
}
