import type pg from 'pg';
import { exitCodes, StoaError } from '../errors.ts';

/** A connection, a pool, or what a job is given. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<{ readonly rows: Row[] }>;
}

/** A row of ops.retention_policies. */
export interface RetentionPolicy {
  readonly name: string;
  readonly target: string;
  readonly predicate: string;
  readonly action: 'delete' | 'scrub' | 'archive';
  /** As PostgreSQL writes an interval; null where the condition knows by itself. */
  readonly age: string | null;
  readonly scrubColumns: readonly string[] | null;
  readonly batchSize: number;
  readonly schedule: string;
  readonly isActive: boolean;
  readonly lastRunAt: Date | null;
  readonly lastAffected: number | null;
}

export async function listPolicies(queryable: Queryable): Promise<RetentionPolicy[]> {
  const { rows } = await queryable.query<RetentionPolicy & pg.QueryResultRow>(
    `select
       name, target, predicate, action, age::text, scrub_columns as "scrubColumns", batch_size as "batchSize",
       schedule, is_active as "isActive", last_run_at as "lastRunAt", last_deleted::float8 as "lastAffected"
     from ops.retention_policies
     order by name collate "C"`,
  );
  return rows;
}

/** Those in force, or the one that was named. */
export function choosePolicies(all: readonly RetentionPolicy[], name?: string): readonly RetentionPolicy[] {
  if (name === undefined) return all.filter(({ isActive }) => isActive);
  const found = all.filter((policy) => policy.name === name);
  if (found.length > 0) return found;
  throw new StoaError('retention.policy_unknown', `There is no retention rule ${name}.`, {
    cure: 'List them with "stoa retention plan".',
    exitCode: exitCodes.usage,
  });
}
