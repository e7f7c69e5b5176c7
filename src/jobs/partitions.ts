import type { QueryResult, QueryResultRow } from 'pg';
import type { Logger } from '../log.ts';

/** Runs one statement as a transaction of its own. */
export type Query = <Row extends QueryResultRow>(
  text: string,
  values?: unknown[],
) => Promise<QueryResult<Row>>;

export interface PartitionWork {
  readonly made: readonly string[];
  /** Tables that did not get what they need. */
  readonly failures: readonly { readonly parent: string; readonly message: string }[];
}

export interface PartitionOptions {
  /** The clock; default: that of the server. */
  readonly now?: Date;
  readonly parent?: string;
  readonly signal?: AbortSignal | undefined;
  readonly onMade?: (partition: string) => void;
}

/**
 * Makes what every registered table lacks, one partition a transaction, so that the locks of one are gone before the
 * next is begun. What one table cannot get keeps no other from getting its own.
 */
export async function makePartitions(query: Query, options: PartitionOptions = {}): Promise<PartitionWork> {
  const { now = null, parent = null, signal, onMade } = options;
  const { rows: parents } = await query<{ parent: string }>(
    'select parent from ops.partition_policies where $1::text is null or parent = $1 order by parent',
    [parent],
  );
  const made: string[] = [];
  const failures: { parent: string; message: string }[] = [];
  for (const { parent } of parents) {
    try {
      for (;;) {
        signal?.throwIfAborted();
        const { rows } = await query<{ partition: string | null }>(
          'select ops.make_partition($1, coalesce($2, now())) as partition',
          [parent, now],
        );
        const partition = rows[0]?.partition;
        if (partition == null) break;
        made.push(partition);
        onMade?.(partition);
      }
    } catch (error) {
      signal?.throwIfAborted();
      failures.push({ parent, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { made, failures };
}

/** Raises or resolves the alert of each table and returns those that have fewer than two partitions ahead. */
export async function watchPartitions(query: Query, now: Date | null = null): Promise<readonly string[]> {
  const { rows } = await query<{ parent: string }>(
    'select parent from ops.watch_partitions(coalesce($1, now())) as low (parent)',
    [now],
  );
  return rows.map(({ parent }) => parent);
}

export interface PartitionStatus {
  readonly parent: string;
  readonly partitions: number;
  readonly ahead: number;
  readonly aheadWanted: number;
  readonly expired: number;
  /** Rows before this moment have a partition. */
  readonly coveredUntil: string | null;
}

export async function partitionStatus(query: Query): Promise<readonly PartitionStatus[]> {
  const { rows } = await query<{
    parent: string;
    partitions: number;
    ahead: number;
    ahead_wanted: number;
    expired: number;
    covered_until: Date | null;
  }>('select * from ops.partition_status()');
  return rows.map(({ ahead_wanted: aheadWanted, covered_until: coveredUntil, ...rest }) => ({
    ...rest,
    aheadWanted,
    coveredUntil: coveredUntil?.toISOString() ?? null,
  }));
}

/**
 * Before anything is written: a server that was down for months has no partition for now. What cannot be had is told
 * and left to the nightly job; the API says itself, at /readyz, when rows cannot be written.
 */
export async function coverPartitions(
  pool: { query: Query },
  log: Pick<Logger, 'info' | 'error'>,
): Promise<void> {
  const query: Query = (text, values) => pool.query(text, values);
  const { made, failures } = await makePartitions(query);
  if (made.length > 0) log.info({ made }, 'made partitions');
  for (const failure of failures) log.error(failure, 'a table got no partition');
  await watchPartitions(query);
}
