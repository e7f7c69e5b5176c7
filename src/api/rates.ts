import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { z } from 'zod';
import { HttpRefusal } from './http.ts';

export type RateScope = 'address' | 'account';

export interface RateOptions {
  /** Logged in as `stoa_auth`. */
  readonly pool: Pool;
  /** Requests a minute; 0 is no limit. */
  readonly perMinute: Readonly<Record<RateScope, number>>;
  readonly onRefusal?: (scope: RateScope) => void;
  /** The database did not say: the request goes on. */
  readonly onError?: (error: Error) => void;
  /** Milliseconds that only grow. Default: those of this process. */
  readonly now?: () => number;
}

export interface RateLimiter {
  /** Counts one request. Throws a refusal with status 429 when there were too many. */
  count(scope: RateScope, key: string): Promise<void>;
  /** Leases asked of the database so far, for measurements. */
  readonly leases: number;
}

interface Bucket {
  /** Requests that this process may let in without asking. They come back evenly over a minute. */
  own: number;
  ownAt: number;
  /** Requests that were leased from the database and not used yet. */
  leased: number;
  blockedUntil: number;
  /** The lease that is being asked for; everybody who needs one waits for the same. */
  asking: Promise<void> | undefined;
}

const minuteMs = 60_000;

/** Keys that are remembered, about 10 MB. The one that was idle longest is forgotten first. */
const maxKeys = 50_000;

const leaseShape = z.object({ granted: z.number(), retry_after: z.number().nullable() });

/**
 * Limits requests by a bucket of tokens that all processes share in the database (auth.request_rates), and writes
 * seldom: a twentieth of the limit is each process's own and free, beyond it tokens are leased by the same number. Who
 * stays below a twentieth of the limit, which is nearly everybody, costs no statement at all; who is over it one for
 * every twentieth; who is refused none until the time is up that was told. So the limit over P processes is exceeded by at most
 * P twentieths a minute.
 */
export function createRateLimiter(options: RateOptions): RateLimiter {
  const { pool, perMinute, onRefusal, onError, now = () => performance.now() } = options;
  const buckets = new Map<string, Bucket>();
  let leases = 0;

  const bucketOf = (id: string, share: number): Bucket => {
    const known = buckets.get(id);
    if (known) {
      // A Map keeps the order of insertion: what was used last stands last.
      buckets.delete(id);
      buckets.set(id, known);
      return known;
    }
    const bucket: Bucket = { own: share, ownAt: now(), leased: 0, blockedUntil: 0, asking: undefined };
    buckets.set(id, bucket);
    if (buckets.size > maxKeys) {
      const [oldest] = buckets.keys();
      if (oldest !== undefined) buckets.delete(oldest);
    }
    return bucket;
  };

  const lease = async (bucket: Bucket, scope: RateScope, id: string, share: number): Promise<void> => {
    leases += 1;
    const { rows } = await pool.query({
      name: 'lease_requests',
      text: 'select granted, retry_after from auth.lease_requests($1, $2, $3, $4)',
      values: [scope, createHash('sha256').update(id).digest(), perMinute[scope], share],
    });
    const { granted, retry_after: retryAfter } = leaseShape.parse(rows[0]);
    bucket.leased += granted;
    if (granted === 0) bucket.blockedUntil = now() + (retryAfter ?? 1) * 1_000;
  };

  const refuse = (scope: RateScope, blockedUntil: number): never => {
    onRefusal?.(scope);
    const retryAfter = Math.max(1, Math.ceil((blockedUntil - now()) / 1_000));
    throw new HttpRefusal(
      429,
      `Too many requests from this ${scope === 'address' ? 'network address' : 'account'}: ${perMinute[scope]} a minute are allowed.`,
      {
        code: 'TOO_MANY_REQUESTS',
        reason: `rate.${scope}`,
        limit: perMinute[scope],
        retryAfter,
        cure: 'Wait as long as retryAfter says, in seconds.',
      },
      { 'retry-after': String(retryAfter) },
    );
  };

  return {
    get leases() {
      return leases;
    },
    async count(scope, key) {
      const limit = perMinute[scope];
      if (limit === 0) return;
      const share = Math.max(1, Math.floor(limit / 20));
      const id = `${scope}:${key}`;
      const bucket = bucketOf(id, share);
      bucket.own = Math.min(share, bucket.own + ((now() - bucket.ownAt) * share) / minuteMs);
      bucket.ownAt = now();
      if (bucket.own >= 1) {
        bucket.own -= 1;
        return;
      }
      while (bucket.leased < 1) {
        if (bucket.blockedUntil > now()) refuse(scope, bucket.blockedUntil);
        bucket.asking ??= lease(bucket, scope, id, share).finally(() => {
          bucket.asking = undefined;
        });
        try {
          await bucket.asking;
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          onError?.(error);
          return;
        }
      }
      bucket.leased -= 1;
    },
  };
}
