import { z } from 'zod';
import type { Queryable } from '../../catalog/queryable.ts';

const count = z.coerce.number();

const row = z.object({
  name: z.string(),
  table: z.string(),
  state: z.enum(['running', 'paused', 'failed', 'finished']),
  checksum: z.instanceof(Buffer),
  batchSize: count,
  targetMs: count,
  longestMs: count,
  lagLimitBytes: count,
  keyColumns: z.array(z.string()),
  lastKey: z.array(z.string()).nullable(),
  rows: count,
  rowsAffected: count,
  batches: count,
  expectedRows: count,
  workedMs: count,
  note: z.string().nullable(),
  error: z.string().nullable(),
  failedUpto: z.array(z.string()).nullable(),
  startedAt: z.date(),
  lastBatchAt: z.date().nullable(),
  finishedAt: z.date().nullable(),
});

/** A backfill that was begun, as ops.backfills has it. */
export type BackfillRecord = z.infer<typeof row>;

/** Those that were begun, by name. None where the table is not there yet. */
export async function readBackfillRecords(client: Queryable): Promise<readonly BackfillRecord[]> {
  const there = await client.query<{ answer: boolean }>(
    "select to_regclass('ops.backfills') is not null as answer",
  );
  if (there.rows[0]?.answer !== true) return [];
  const { rows } = await client.query(
    `select
       name, target as "table", state, checksum, batch_size as "batchSize", target_ms as "targetMs",
       longest_ms as "longestMs", lag_limit_bytes as "lagLimitBytes", key_columns as "keyColumns",
       last_key as "lastKey", row_count as "rows", rows_affected as "rowsAffected", batches,
       expected_rows as "expectedRows", worked_ms as "workedMs", note, error, failed_upto as "failedUpto",
       started_at as "startedAt", last_batch_at as "lastBatchAt", finished_at as "finishedAt"
     from ops.backfills
     order by name`,
  );
  return rows.map((each) => row.parse(each));
}

/** Rows a second while it worked; null before there is anything to divide. */
export function rateOf({ rows, workedMs }: Pick<BackfillRecord, 'rows' | 'workedMs'>): number | null {
  return workedMs === 0 || rows === 0 ? null : (rows / workedMs) * 1_000;
}

/** How long it has still to go at its rate; null when that cannot be told. */
export function secondsLeft(record: BackfillRecord): number | null {
  if (record.state === 'finished') return 0;
  const rate = rateOf(record);
  if (rate === null || record.expectedRows === 0) return null;
  return Math.max(0, record.expectedRows - record.rows) / rate;
}

/** `(7, 41]`, as a person reads the range that failed. */
export function rangeText(after: readonly string[] | null, upto: readonly string[] | null): string {
  const text = (key: readonly string[] | null): string => (key === null ? '…' : key.join(', '));
  return `after (${text(after)}) up to (${text(upto)})`;
}
