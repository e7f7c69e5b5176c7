import { type Module, modules as registry, resolveModules } from '../modules.ts';
import { appliedFaults, describeFaults } from './applied.ts';
import { applyStep } from './apply.ts';
import { bootstrap } from './bootstrap.ts';
import type { Listener } from './events.ts';
import { type AppliedMigration, readLedger } from './ledger.ts';
import { loadMigrations, type Migration } from './load.ts';
import { withMigrationLock } from './lock.ts';
import { migrateQueue } from './queue.ts';
import { readReleases, refuseFaults, releaseFaults } from './released.ts';
import { projectRoot } from './root.ts';
import { openSession, type Session } from './session.ts';
import { planStep, type Step } from './step.ts';
import { defaultPatience, type Patience } from './timeouts.ts';

export interface MigrateOptions {
  /** A login that may become stoa_owner, on the server itself or through a pooler in session mode. */
  readonly databaseUrl: string;
  /** Default: every module. */
  readonly modules?: readonly string[] | undefined;
  readonly onEvent?: Listener;
  /** The folder that holds `migrations/` and `sql/`. */
  readonly root?: string;
  readonly patience?: Partial<Patience>;
}

/** A session that holds the migration lock, and the files and the ledger as they stood when it got it. */
export interface Migrator {
  readonly session: Session;
  /** The modules of this run. */
  readonly modules: readonly Module[];
  /** The files of the modules of this run, in order. */
  readonly migrations: readonly Migration[];
  /** The files of all modules: applied ones may belong to a module that is not chosen any more. */
  readonly allMigrations: readonly Migration[];
  readonly ledger: () => Promise<readonly AppliedMigration[]>;
  readonly apply: (step: Step) => Promise<void>;
  readonly plan: typeof planStep;
}

/**
 * Opens a session, waits for the lock, makes the engine's own tables if need be, checks that history is as it was
 * released and applied, and hands over. `allowEdited`: the command is one that undoes an edited migration.
 */
export async function withMigrator<Result>(
  options: MigrateOptions,
  work: (migrator: Migrator) => Promise<Result>,
  { allowEdited = false }: { readonly allowEdited?: boolean } = {},
): Promise<Result> {
  const { databaseUrl, onEvent = () => undefined, root = projectRoot } = options;
  const patience = { ...defaultPatience, ...options.patience };
  const modules = resolveModules(options.modules);
  const allMigrations = await loadMigrations(root, registry);
  refuseFaults(releaseFaults(await readReleases(root), allMigrations));
  const session = await openSession(databaseUrl);
  try {
    return await withMigrationLock(session.worker, { onEvent, waitMs: patience.migratorWaitMs }, async () => {
      await bootstrap(session.worker);
      await migrateQueue(databaseUrl, session.worker);
      const faults = appliedFaults(await readLedger(session.worker), allMigrations);
      refuseFaults(describeFaults(allowEdited ? { ...faults, edited: [] } : faults));
      return await work({
        session,
        modules,
        migrations: allMigrations.filter(({ module }) => modules.some(({ name }) => name === module)),
        allMigrations,
        ledger: () => readLedger(session.worker),
        apply: (step) => applyStep(session, step, { patience, onEvent }),
        plan: planStep,
      });
    });
  } finally {
    await session.close();
  }
}
