import pg, { type ClientBase } from 'pg';
import { ask } from './database.ts';

/**
 * Where a person is still. `kept`: a rule keeps the column. `reference`: the id of the tombstone. `mentioned`: a name in
 * what somebody else wrote. `inconclusive`: a word that many share. `found`: nothing excuses it.
 */
export type Verdict = 'kept' | 'reference' | 'mentioned' | 'inconclusive' | 'found';

export interface Place {
  /** Table or partition, and column. */
  readonly column: string;
  readonly kind: string;
  readonly rows: number;
}

export interface Finding extends Place {
  /** Keys of the first of them. Never what stands there. */
  readonly keys: readonly unknown[];
}

export interface ScanResult {
  readonly tables: number;
  readonly largeObjects: number;
  /** Tables that the owner of the database may not read. */
  readonly unreadable: readonly string[];
  readonly kept: readonly Place[];
  readonly references: readonly Place[];
  readonly mentioned: readonly Place[];
  readonly inconclusive: readonly Place[];
  readonly found: readonly Finding[];
}

interface Hit {
  readonly request_id: string;
  readonly column_name: string;
  readonly row_key: unknown;
  readonly kind: string;
  readonly verdict: Verdict;
}

export interface ScanOptions {
  readonly onTable?: (done: number, total: number, table: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const keysShown = 10;

interface Tally {
  readonly column: string;
  readonly kind: string;
  readonly verdict: Verdict;
  rows: number;
  readonly keys: unknown[];
}

function resultOf(
  tallies: Iterable<Tally>,
  shared: Pick<ScanResult, 'tables' | 'largeObjects' | 'unreadable'>,
): ScanResult {
  const all = [...tallies].sort((one, other) =>
    `${one.column} ${one.kind}` < `${other.column} ${other.kind}` ? -1 : 1,
  );
  const places = (verdict: Verdict): Place[] =>
    all
      .filter((tally) => tally.verdict === verdict)
      .map(({ column, kind, rows }) => ({ column, kind, rows }));
  return {
    ...shared,
    kept: places('kept'),
    references: places('reference'),
    mentioned: places('mentioned'),
    inconclusive: places('inconclusive'),
    found: all
      .filter(({ verdict }) => verdict === 'found')
      .map(({ column, kind, rows, keys }) => ({ column, kind, rows, keys })),
  };
}

/** Looks for several people at once in every table: each is read one time, however many are looked for. */
export async function scanFor(
  client: ClientBase,
  requestIds: readonly string[],
  options: ScanOptions = {},
): Promise<ReadonlyMap<string, ScanResult>> {
  const { rows: tables } = await ask<{ table_name: string; is_readable: boolean }>(
    client,
    'select table_name, is_readable from audit.scan_tables()',
  );
  const tallies = new Map<string, Map<string, Tally>>(requestIds.map((id) => [id, new Map()]));
  const add = (requestId: string, hit: Omit<Tally, 'rows' | 'keys'>, key: unknown): void => {
    const mine = tallies.get(requestId);
    const name = `${hit.column} ${hit.kind} ${hit.verdict}`;
    const tally = mine?.get(name) ?? { ...hit, rows: 0, keys: [] };
    tally.rows += 1;
    if (tally.keys.length < keysShown) tally.keys.push(key);
    mine?.set(name, tally);
  };
  for (const [index, { table_name: table, is_readable: isReadable }] of tables.entries()) {
    options.signal?.throwIfAborted();
    options.onTable?.(index, tables.length, table);
    if (!isReadable) continue;
    try {
      const { rows } = await ask<Hit>(
        client,
        'select request_id, column_name, row_key, kind, verdict from audit.scan_table($1, $2)',
        [table, requestIds],
      );
      for (const { request_id: requestId, column_name: name, row_key: key, kind, verdict } of rows) {
        add(requestId, { column: `${table}.${name}`, kind, verdict }, key);
      }
    } catch (error) {
      // A partition that was dropped meanwhile took its rows along.
      if (!(error instanceof pg.DatabaseError) || error.code !== '42P01') throw error;
    }
  }
  const { rows: large } = await ask<{ objects: string; named: string[] }>(
    client,
    'select objects, named from audit.scan_large_objects($1)',
    [requestIds],
  );
  for (const requestId of large[0]?.named ?? []) {
    add(requestId, { column: 'pg_largeobject.data', kind: 'word', verdict: 'found' }, null);
  }
  const shared = {
    tables: tables.length,
    largeObjects: Number(large[0]?.objects ?? 0),
    unreadable: tables
      .filter(({ is_readable: isReadable }) => !isReadable)
      .map(({ table_name: name }) => name),
  };
  return new Map([...tallies].map(([id, mine]) => [id, resultOf(mine.values(), shared)]));
}
