import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';

/** A table of the target, as it is now. A partitioned one is the sum of its partitions. */
export interface TableSize {
  /** With its indexes and what is stored out of line. */
  readonly bytes: number;
  /** As the last ANALYZE estimated; null when there was none. */
  readonly rows: number | null;
  /** Rows inserted, updated, deleted in a minute; null when nothing was sampled. */
  readonly writesPerMinute: number | null;
  /** Scans begun in a minute, of the table or of an index of it. */
  readonly readsPerMinute: number | null;
}

interface Sample {
  readonly name: string;
  readonly bytes: string;
  readonly rows: number;
  readonly writes: number;
  readonly reads: number;
}

const query = `
  select
    given.name,
    coalesce(sum(pg_total_relation_size(part.oid)), 0)::text as bytes,
    -- -1 is "never analyzed"; one such partition makes the sum unknown.
    case when bool_or(part.reltuples < 0) then -1 else coalesce(sum(part.reltuples), -1) end::float8 as rows,
    coalesce(sum(stat.n_tup_ins + stat.n_tup_upd + stat.n_tup_del), 0)::float8 as writes,
    coalesce(sum(stat.seq_scan + coalesce(stat.idx_scan, 0)), 0)::float8 as reads
  from unnest($1::text[]) as given (name)
  join pg_class as named on named.oid = to_regclass(given.name)
  cross join lateral (
    select named.oid as relid
    where named.relkind <> 'p'
    union all
    select tree.relid from pg_partition_tree(named.oid) as tree where named.relkind = 'p' and tree.isleaf
  ) as leaf
  join pg_class as part on part.oid = leaf.relid
  left join pg_stat_all_tables as stat on stat.relid = part.oid
  where named.relkind in ('r', 'p', 'm')
  group by given.name`;

/** Looks twice, so long apart, and tells sizes and rates. Tables that the target does not have are left out. */
export async function tableSizes(
  client: Client,
  names: readonly string[],
  sampleMs: number,
): Promise<ReadonlyMap<string, TableSize>> {
  if (names.length === 0) return new Map();
  const look = async (): Promise<readonly Sample[]> => (await client.query<Sample>(query, [names])).rows;
  const first = new Map((await look()).map((sample) => [sample.name, sample]));
  const begun = performance.now();
  if (sampleMs > 0) await sleep(sampleMs);
  const second = sampleMs > 0 ? await look() : [...first.values()];
  const minutes = (performance.now() - begun) / 60_000;
  return new Map(
    second.map((now) => {
      const then = first.get(now.name);
      const rate = (what: 'writes' | 'reads'): number | null =>
        sampleMs > 0 && then ? Math.max(0, Math.round((now[what] - then[what]) / minutes)) : null;
      return [
        now.name,
        {
          bytes: Number(now.bytes),
          rows: now.rows < 0 ? null : Math.round(now.rows),
          writesPerMinute: rate('writes'),
          readsPerMinute: rate('reads'),
        },
      ];
    }),
  );
}
