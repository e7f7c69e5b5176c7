/** How bad it is: `error` wants somebody now, `warning` soon, `notice` is worth knowing. */
export type Level = 'error' | 'warning' | 'notice';

/**
 * One thing that can be wrong with a database that runs: its data, its sessions, its server. One check is one file and
 * one query; what is wrong with a schema is found by src/catalog/advisors.
 *
 * The query takes the schemas of the modules as `$1 text[]` and the limits as `$2 jsonb`, and returns `object`, `what`,
 * `cure`, and `level` where a row may be worse than the check. `object` names the fault for good, so it holds no
 * process number: whoever accepts a fault accepts it tomorrow too. A cure that is SQL ends with a semicolon.
 */
export interface LiveAdvisor {
  readonly name: string;
  readonly level: Level;
  readonly title: string;
  readonly why: string;
  readonly query: string;
  /** Only asked where this relation exists. */
  readonly needs?: string;
}

/** From which point on something counts as a fault. */
export interface Limits {
  readonly unusedIndexBytes: number;
  /** An index counts as unused after statistics were kept so long. */
  readonly statisticsDays: number;
  readonly deadRows: number;
  /** Of all rows of the table. */
  readonly deadShare: number;
  /** Of the numbers that a sequence has. */
  readonly sequenceShare: number;
  /** Transactions since the oldest row was frozen; at two thousand million PostgreSQL stops. */
  readonly frozenAge: number;
  readonly partitionsAhead: number;
  readonly transactionSeconds: number;
  readonly idleSeconds: number;
  readonly slotBytes: number;
  /** Of the connections that are not reserved. */
  readonly connectionShare: number;
  readonly cacheHitShare: number;
  /** Blocks that must have been asked for before the share of hits says something. */
  readonly cacheBlocks: number;
  readonly slowMs: number;
  readonly slowCalls: number;
}

export const defaultLimits: Limits = {
  unusedIndexBytes: 8 * 1024 * 1024,
  statisticsDays: 30,
  deadRows: 10_000,
  deadShare: 0.2,
  sequenceShare: 0.75,
  // autovacuum_freeze_max_age is 200 million: at twice that, the anti-wraparound vacuum does not get through.
  frozenAge: 400_000_000,
  partitionsAhead: 2,
  transactionSeconds: 300,
  idleSeconds: 60,
  slotBytes: 1024 * 1024 * 1024,
  connectionShare: 0.8,
  cacheHitShare: 0.95,
  cacheBlocks: 1_000_000,
  slowMs: 500,
  slowCalls: 20,
};

/** A limit inside a query. */
export function limit(name: keyof Limits): string {
  return `($2::jsonb ->> '${name}')::numeric`;
}

/** True of the table `c`: it belongs to a module, or is a partition of a table that does. */
export const isOurs = `(
    c.relnamespace::regnamespace::text = any ($1 || array['parts'])
  )`;
