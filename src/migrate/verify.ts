import { type Difference, differences, type Fact, fingerprint } from '../catalog/fingerprint.ts';
import { StoaError } from '../errors.ts';
import { withMigrator } from './migrator.ts';
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
  readonly onVerified?: (migration: VerifiedMigration, position: number, count: number) => void;
}

/**
 * Proves, on a scratch database and for every migration in order: what up does, down takes back whole, and up does
 * again the same. Then that all of them can be undone and done again.
 */
export async function verifyMigrations(options: VerifyOptions): Promise<Verification> {
  const begun = performance.now();
  return withScratchDatabase(options.adminUrl, 'verify', (databaseUrl) =>
    withMigrator({ ...pick(options), databaseUrl }, async ({ migrations, session, apply, plan }) => {
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
        options.onVerified?.(report, index + 1, migrations.length);
        // What comes after would fail for want of this one.
        if (faults.some(({ message }) => message !== undefined)) break;
        before = after;
      }

      const faults: Fault[] = [];
      const irreversible = migrations.filter(({ down }) => down === undefined).map(({ name }) => name);
      const isWhole =
        verified.length === migrations.length && verified.every((each) => each.faults.length === 0);
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
        elapsedMs: performance.now() - begun,
        isProven: isWhole && faults.length === 0,
      };
    }),
  );
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
