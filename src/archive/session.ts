import type { Client } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import type { Storage } from '../storage/storage.ts';
import type { ArchiveTransform } from './transform.ts';

/** With what archives are written, read and retired. */
export interface ArchiveSession {
  /** As the owner of the tables; used by nobody else meanwhile. */
  readonly client: Client;
  readonly storage: Storage;
  readonly transforms: readonly ArchiveTransform[];
  /** Looked at between steps, and while an object is on its way. */
  readonly signal?: AbortSignal;
}

export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new StoaError('archive.stopped', 'Stopped between two steps.', {
    cure: 'Run the command again: it goes on where it stopped.',
    exitCode: exitCodes.interrupted,
  });
}

/** One process at a time writes archives of a table or retires its partitions. The lock goes with the connection. */
export async function withTableToMyself<Result>(
  client: Client,
  parent: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const key = `ops.archive:${parent}`;
  const { rows } = await client.query<{ mine: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 0)) as mine',
    [key],
  );
  if (!rows[0]?.mine) {
    throw new StoaError('archive.busy', `Another process archives or retires parts of ${parent}.`, {
      cure: 'Wait until it is done.',
      exitCode: exitCodes.busy,
    });
  }
  try {
    return await work();
  } finally {
    // A connection that broke on the way has given the lock back already.
    await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [key]).catch(() => {});
  }
}
