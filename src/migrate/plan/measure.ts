import type { Client } from 'pg';
import { type LockMode, parseMode, strengthOf } from './lock-modes.ts';
import { type Snapshot, type SnapshotChanges, snapshotChanges, takeSnapshot } from './snapshot.ts';

/** A lock on a relation that was there before the statement. */
export interface TakenLock {
  readonly relation: string;
  readonly mode: LockMode;
  /** As pg_class has it: \`m\` is a materialized view, which nobody writes to. */
  readonly kind?: string;
}

/** What one statement did when it was run. */
export interface Measurement {
  /** The strongest lock on each table, view and sequence that existed; indexes go with their table. */
  readonly locks: readonly TakenLock[];
  /** Existing tables that were read from end to end. */
  readonly scanned: readonly string[];
  /** Existing tables in which rows were inserted, changed or deleted, and how many. */
  readonly written: readonly { readonly relation: string; readonly rows: number }[];
  readonly changes: SnapshotChanges;
}

/** Numbers of pg_stat_*_tables, which count a scan even of an empty table. */
interface Counts {
  readonly name: string;
  readonly scans: number;
  readonly writes: number;
}

const counted = `
  relid::text as id, format('%I.%I', schemaname, relname) as name,
  coalesce(seq_scan, 0)::float8 as scans,
  (n_tup_ins + n_tup_upd + n_tup_del)::float8 as writes`;

export type CountsSource = 'transaction' | 'session';

export async function readCounts(client: Client, source: CountsSource): Promise<CountsByRelation> {
  if (source === 'session') await client.query('select pg_stat_force_next_flush()');
  const view = source === 'transaction' ? 'pg_stat_xact_user_tables' : 'pg_stat_user_tables';
  const { rows } = await client.query<Counts & { id: string }>(`select ${counted} from ${view}`);
  return new Map(rows.map((row) => [row.id, row]));
}

export interface HeldLock {
  readonly id: string;
  readonly mode: string;
}

/** Held or waited for by the backend. */
export async function locksOf(client: Client, pid: number | 'own'): Promise<readonly HeldLock[]> {
  const { rows } = await client.query<HeldLock>(
    `select relation::text as id, mode
     from pg_locks
     where pid = ${pid === 'own' ? 'pg_backend_pid()' : '$1'}
       and locktype = 'relation'
       and database = (select oid from pg_database where datname = current_database())`,
    pid === 'own' ? [] : [pid],
  );
  return rows;
}

const lockable = new Set(['r', 'p', 'v', 'm', 'f', 'S']);

/**
 * The strongest mode on each relation. Names come from before the statement: a relation that it drops has none
 * afterwards, and one that it makes is nobody else's yet.
 */
export function strongestLocks(
  locks: readonly HeldLock[],
  before: Snapshot,
  inUse: Snapshot,
): readonly TakenLock[] {
  const strongest = new Map<string, TakenLock>();
  for (const { id, mode: text } of locks) {
    const relation = before.get(`relation ${id}`);
    const mode = parseMode(text);
    if (!relation || !mode || !inUse.has(`relation ${id}`) || !lockable.has(relation.kind)) continue;
    const known = strongest.get(relation.name)?.mode;
    if (known === undefined || strengthOf(known) < strengthOf(mode)) {
      strongest.set(relation.name, { relation: relation.name, mode, kind: relation.kind });
    }
  }
  return [...strongest.values()].sort(
    (a, b) => strengthOf(b.mode) - strengthOf(a.mode) || (a.relation < b.relation ? -1 : 1),
  );
}

type CountsByRelation = ReadonlyMap<string, Counts>;

function growth(
  before: CountsByRelation,
  after: CountsByRelation,
  what: 'scans' | 'writes',
  known: Snapshot,
) {
  return [...after].flatMap(([id, { [what]: number }]) => {
    const relation = known.get(`relation ${id}`)?.name;
    const more = number - (before.get(id)?.[what] ?? 0);
    return relation !== undefined && more > 0 ? [{ relation, number: more }] : [];
  });
}

export function countedWork(
  before: CountsByRelation,
  after: CountsByRelation,
  known: Snapshot,
): Pick<Measurement, 'scanned' | 'written'> {
  return {
    scanned: growth(before, after, 'scans', known).map(({ relation }) => relation),
    written: growth(before, after, 'writes', known).map(({ relation, number }) => ({
      relation,
      rows: number,
    })),
  };
}

/**
 * Runs a statement inside the transaction in which the client stands, and tells what it did. Locks that the
 * transaction held before do not count, nor does what is not in `inUse`: the run itself has made it.
 */
export async function measureInTransaction(
  client: Client,
  text: string,
  before: Snapshot,
  inUse = before,
): Promise<{ measurement: Measurement; after: Snapshot }> {
  const held = new Set((await locksOf(client, 'own')).map(({ id, mode }) => `${id} ${mode}`));
  const countsBefore = await readCounts(client, 'transaction');
  await client.query(text);
  const locks = (await locksOf(client, 'own')).filter(({ id, mode }) => !held.has(`${id} ${mode}`));
  const countsAfter = await readCounts(client, 'transaction');
  const after = await takeSnapshot(client);
  return {
    after,
    measurement: {
      locks: strongestLocks(locks, before, inUse),
      ...countedWork(countsBefore, countsAfter, inUse),
      changes: snapshotChanges(before, after, inUse),
    },
  };
}
