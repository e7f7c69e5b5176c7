import type { Pool, PoolClient } from 'pg';

type Acquired = Parameters<Parameters<Pool['connect']>[0]>;

/**
 * Tells how long each request waited for a connection of the pool, in seconds: next to nothing where one was idle,
 * the making of a new one where there was room, else the queue. A request that gave up counts too.
 *
 * pg-pool tells only how many wait at this moment; `query` asks by `connect` as well, so one place sees them all.
 */
export function watchPoolWaits(pool: Pool, onAcquired: (seconds: number) => void): void {
  const connect = pool.connect.bind(pool);
  function watched(): Promise<PoolClient>;
  function watched(callback: (...acquired: Acquired) => void): void;
  function watched(callback?: (...acquired: Acquired) => void): Promise<PoolClient> | undefined {
    const askedAt = performance.now();
    const tell = (): void => onAcquired((performance.now() - askedAt) / 1_000);
    if (callback === undefined) return connect().finally(tell);
    connect((...acquired) => {
      tell();
      callback(...acquired);
    });
    return undefined;
  }
  pool.connect = watched;
}
