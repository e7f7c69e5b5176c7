import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import type { Listener, LockHolder } from './events.ts';

/** "stoa:mig" in ASCII. One lock a database: advisory locks belong to the database. */
const lockKey = 0x73746f613a6d6967n;

const pollMs = 200;

/**
 * Takes the migration lock, and tells for whom it waits until then.
 *
 * It asks again and again instead of waiting inside `pg_advisory_lock`: a session that waits there keeps a snapshot,
 * a concurrent index build of the holder waits for that snapshot, and the two deadlock.
 */
export async function withMigrationLock<T>(
  client: Client,
  options: { readonly onEvent: Listener; readonly waitMs: number },
  work: () => Promise<T>,
): Promise<T> {
  const begun = Date.now();
  let toldOf: number | undefined;
  while (!(await tryLock(client))) {
    const holder = await lockHolder(client);
    const waitedMs = Date.now() - begun;
    if (waitedMs >= options.waitMs) {
      throw new StoaError('migrate.locked', `Another migrator is at work: ${describeHolder(holder)}.`, {
        cure: 'Wait for it to end, or end it; nothing was changed by this run.',
        exitCode: exitCodes.busy,
      });
    }
    if (holder && holder.pid !== toldOf) {
      toldOf = holder.pid;
      options.onEvent({ type: 'waiting', holder, waitedMs });
    }
    await sleep(pollMs / 2 + Math.random() * pollMs);
  }
  try {
    return await work();
  } finally {
    await unlock(client);
  }
}

async function tryLock(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [
    lockKey.toString(),
  ]);
  return rows[0]?.locked === true;
}

async function unlock(client: Client): Promise<void> {
  // A connection that is gone has given the lock back already.
  await client.query('select pg_advisory_unlock($1)', [lockKey.toString()]).catch(() => undefined);
}

/** Who holds the migration lock of this database, if anybody does. */
export async function lockHolder(client: Client): Promise<LockHolder | undefined> {
  const { rows } = await client.query<{
    pid: number;
    user: string | null;
    application: string | null;
    host: string | null;
    since: Date | null;
  }>(
    `select
       held.pid,
       activity.usename as "user",
       activity.application_name as application,
       coalesce(activity.client_hostname, host(activity.client_addr)) as host,
       activity.backend_start as since
     from pg_locks as held
     left join pg_stat_activity as activity using (pid)
     where held.locktype = 'advisory'
       and held.granted
       and held.database = (select oid from pg_database where datname = current_database())
       and held.objsubid = 1
       and held.classid::bigint = $1
       and held.objid::bigint = $2
     limit 1`,
    [(lockKey >> 32n).toString(), (lockKey & 0xffffffffn).toString()],
  );
  return rows[0];
}

export function describeHolder(holder: LockHolder | undefined): string {
  if (!holder) return 'it has just ended';
  const facts = [`pid ${holder.pid}`];
  if (holder.application) facts.push(`application "${holder.application}"`);
  if (holder.user) facts.push(`user ${holder.user}`);
  facts.push(holder.host ? `from ${holder.host}` : 'on the same machine');
  if (holder.since) facts.push(`connected since ${holder.since.toISOString()}`);
  return facts.join(', ');
}
