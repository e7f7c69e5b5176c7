import {
  type Difference,
  differences,
  type Fact,
  fingerprint,
  fingerprintDigest,
} from '../catalog/fingerprint.ts';
import { StoaError } from '../errors.ts';
import type { Migration } from './load.ts';
import { type Migrator, withMigrator } from './migrator.ts';
import { migratedSchemas } from './schemas.ts';
import { withScratchDatabase } from './scratch.ts';

export interface VerifiedMigration {
  readonly migration: string;
  readonly statements: number;
  readonly upMs: number;
  readonly downMs: number | undefined;
  readonly faults: readonly Fault[];
}

export interface Fault {
  readonly stage: 'up' | 'down' | 'up again' | 'all down' | 'all up again';
  /** Set when the stage did not run to its end. */
  readonly message: string | undefined;
  /** What the catalog says otherwise than it should. */
  readonly differences: readonly Difference[];
}

export interface Verification {
  readonly migrations: readonly VerifiedMigration[];
  /** Of the last part: all down, all up again. */
  readonly faults: readonly Fault[];
  /** Without a down section; where one of them stands, nothing before it can be undone. */
  readonly irreversible: readonly string[];
  readonly facts: number;
  readonly elapsedMs: number;
  readonly isProven: boolean;
}

export interface VerifyOptions {
  /** May create databases on the server. */
  readonly adminUrl: string;
  readonly modules?: readonly string[] | undefined;
  readonly root?: string;
  /** Where the catalog is looked at: after each migration, or only when all are up, all down and all up again. */
  readonly looks?: 'each' | 'ends';
  /** After each migration that was applied or undone. When a proof fails, the count begins again: see below. */
  readonly onStep?: (done: number, count: number) => void;
}

/**
 * Proves that what each migration does up, its down takes back whole, and up does again the same; on scratch databases.
 *
 * First all go up, down and up again, one after the other. On the way down and on the second way up the catalog is looked
 * at after each: undoing the one after it must lead to what going up leads to. Where that is not so, or not possible because
 * one cannot be undone, each is tried by itself, to say which one it is and what it leaves.
 */
export async function verifyMigrations(options: VerifyOptions): Promise<Verification> {
  const begun = performance.now();
  const onScratch = <Result>(work: (migrator: Migrator) => Promise<Result>): Promise<Result> =>
    withScratchDatabase(options.adminUrl, 'verify', (databaseUrl) =>
      withMigrator({ ...pick(options), databaseUrl }, work),
    );
  const proven = await onScratch((migrator) => thereAndBack(migrator, options));
  const result = proven ?? (await onScratch((migrator) => oneByOne(migrator, options)));
  return { ...result, elapsedMs: performance.now() - begun };
}

type Result = Omit<Verification, 'elapsedMs'>;

/** Undefined where it proves nothing. */
async function thereAndBack(
  { migrations, session, apply, plan }: Migrator,
  { looks = 'each', onStep }: VerifyOptions,
): Promise<Result | undefined> {
  if (migrations.some(({ down }) => down === undefined)) return undefined;
  const look = async (): Promise<string> => (await fingerprintDigest(session.worker, migratedSchemas)).digest;
  const times = { up: new Map<string, number>(), down: new Map<string, number>() };
  let done = 0;
  const statements = new Map<string, number>();
  const step = async (migration: Migration, direction: 'up' | 'down'): Promise<void> => {
    const next = await plan(migration, direction);
    if (direction === 'up') statements.set(migration.name, next.statements.length);
    const begun = performance.now();
    await apply(next);
    times[direction].set(migration.name, performance.now() - begun);
    done += 1;
    onStep?.(done, 3 * migrations.length);
  };

  try {
    /** What the catalog says with so many migrations applied. */
    const seen = new Map([[0, await look()]]);
    const isAsSeen = async (applied: number): Promise<boolean> => {
      const isEnd = applied === 0 || applied === migrations.length;
      if (looks === 'ends' && !isEnd) return true;
      const now = await look();
      const before = seen.get(applied) ?? now;
      seen.set(applied, now);
      return now === before;
    };
    for (const migration of migrations) await step(migration, 'up');
    if (!(await isAsSeen(migrations.length))) return undefined;
    for (const [applied, migration] of [...migrations.entries()].reverse()) {
      await step(migration, 'down');
      if (!(await isAsSeen(applied))) return undefined;
    }
    for (const [index, migration] of migrations.entries()) {
      await step(migration, 'up');
      if (!(await isAsSeen(index + 1))) return undefined;
    }
  } catch (error) {
    // What fails here fails again by itself, and is told then. A defect of the engine is not a fault of a migration.
    if (!(error instanceof StoaError)) throw error;
    return undefined;
  }
  return {
    migrations: migrations.map(({ name }) => ({
      migration: name,
      statements: statements.get(name) ?? 0,
      upMs: times.up.get(name) ?? 0,
      downMs: times.down.get(name),
      faults: [],
    })),
    faults: [],
    irreversible: [],
    facts: (await fingerprintDigest(session.worker, migratedSchemas)).facts,
    isProven: true,
  };
}

/** Each up, down and up again before the next, then all of them; with what differs. */
async function oneByOne(
  { migrations, session, apply, plan }: Migrator,
  { onStep }: VerifyOptions,
): Promise<Result> {
  const look = (): Promise<readonly Fact[]> => fingerprint(session.worker, migratedSchemas);
  const verified: VerifiedMigration[] = [];
  const start = await look();
  let before = start;
  for (const [index, migration] of migrations.entries()) {
    const faults: Fault[] = [];
    const up = await plan(migration, 'up');
    const upMs = await timed(() => apply(up), 'up', faults);
    const after = await look();
    let downMs: number | undefined;
    if (faults.length === 0 && migration.down) {
      const down = await plan(migration, 'down');
      downMs = await timed(() => apply(down), 'down', faults);
      if (downMs !== undefined) {
        compare('down', before, await look(), faults);
        if ((await timed(() => apply(up), 'up again', faults)) !== undefined) {
          compare('up again', after, await look(), faults);
        }
      }
    }
    const report = {
      migration: migration.name,
      statements: up.statements.length,
      upMs: upMs ?? 0,
      downMs,
      faults,
    };
    verified.push(report);
    onStep?.(index + 1, migrations.length);
    // What comes after would fail for want of this one.
    if (faults.some(({ message }) => message !== undefined)) break;
    before = after;
  }

  const faults: Fault[] = [];
  const irreversible = migrations.filter(({ down }) => down === undefined).map(({ name }) => name);
  const isWhole = verified.length === migrations.length && verified.every((each) => each.faults.length === 0);
  if (isWhole && irreversible.length === 0) {
    const undo = async (): Promise<void> => {
      for (const migration of [...migrations].reverse()) await apply(await plan(migration, 'down'));
    };
    const redo = async (): Promise<void> => {
      for (const migration of migrations) await apply(await plan(migration, 'up'));
    };
    if ((await timed(undo, 'all down', faults)) !== undefined) {
      compare('all down', start, await look(), faults);
      if ((await timed(redo, 'all up again', faults)) !== undefined) {
        compare('all up again', before, await look(), faults);
      }
    }
  }
  return {
    migrations: verified,
    faults,
    irreversible,
    facts: before.length,
    isProven: isWhole && faults.length === 0,
  };
}

function pick({ modules, root }: VerifyOptions): { modules?: readonly string[] | undefined; root?: string } {
  return root === undefined ? { modules } : { modules, root };
}

async function timed(
  work: () => Promise<void>,
  stage: Fault['stage'],
  faults: Fault[],
): Promise<number | undefined> {
  const begun = performance.now();
  try {
    await work();
    return performance.now() - begun;
  } catch (error) {
    // A defect of the engine is not a fault of a migration.
    if (!(error instanceof StoaError)) throw error;
    faults.push({ stage, message: error.message, differences: [] });
    return undefined;
  }
}

function compare(
  stage: Fault['stage'],
  expected: readonly Fact[],
  found: readonly Fact[],
  faults: Fault[],
): void {
  const differing = differences(expected, found);
  if (differing.length > 0) faults.push({ stage, message: undefined, differences: differing });
}
