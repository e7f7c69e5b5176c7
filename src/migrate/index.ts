import { resolveModules } from '../modules.ts';
import { applyStep } from './apply.ts';
import { bootstrap } from './bootstrap.ts';
import type { Listener } from './events.ts';
import { readLedger } from './ledger.ts';
import { loadMigrations } from './load.ts';
import { withMigrationLock } from './lock.ts';
import { pendingMigrations } from './order.ts';
import { migrateQueue } from './queue.ts';
import { projectRoot } from './root.ts';
import { openSession } from './session.ts';
import { planStep } from './step.ts';
import { defaultPatience, type Patience } from './timeouts.ts';

export type { MigrationEvent } from './events.ts';
export type { Patience } from './timeouts.ts';

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

/**
 * Brings a database up to date: the engine's tables, the queue's schema, then every pending migration of the chosen
 * modules. Waits for another migrator that is at work. Answers with the names of what it applied, in order.
 */
export async function migrateUp(options: MigrateOptions): Promise<{ applied: string[] }> {
  const { databaseUrl, onEvent = () => undefined, root = projectRoot } = options;
  const patience = { ...defaultPatience, ...options.patience };
  const migrations = await loadMigrations(root, resolveModules(options.modules));
  const session = await openSession(databaseUrl);
  try {
    return await withMigrationLock(session.worker, { onEvent, waitMs: patience.migratorWaitMs }, async () => {
      await bootstrap(session.worker);
      await migrateQueue(databaseUrl, session.worker);
      const applied: string[] = [];
      for (const migration of pendingMigrations(migrations, await readLedger(session.worker))) {
        await applyStep(session, await planStep(migration, 'up'), { patience, onEvent });
        applied.push(migration.name);
      }
      return { applied };
    });
  } finally {
    await session.close();
  }
}
