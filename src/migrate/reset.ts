import { escapeIdentifier } from 'pg';
import { modules as registry } from '../modules.ts';
import { refuseUnlessDisposable } from './disposable.ts';
import { withMigrationLock } from './lock.ts';
import { openSession } from './session.ts';
import { defaultPatience } from './timeouts.ts';
import { migrateUp, type UpOptions } from './up.ts';

/** Empties the database and applies every migration from the first one on. */
export async function migrateReset(
  options: UpOptions & { readonly isProduction: boolean },
): Promise<{ applied: string[] }> {
  const { databaseUrl, onEvent = () => undefined, isProduction } = options;
  const { migratorWaitMs } = { ...defaultPatience, ...options.patience };
  const session = await openSession(databaseUrl);
  try {
    await withMigrationLock(session.worker, { onEvent, waitMs: migratorWaitMs }, async () => {
      await refuseUnlessDisposable(session.worker, { isProduction, action: 'A reset deletes everything.' });
      // Modules first, each in a transaction of its own: a schema of hundreds of objects takes as many locks.
      const schemas = [
        ...registry.map(({ schema }) => schema).reverse(),
        'parts',
        'graphile_worker',
        'extensions',
      ];
      for (const schema of schemas) {
        await session.worker.query(`drop schema if exists ${escapeIdentifier(schema)} cascade`);
      }
    });
  } finally {
    await session.close();
  }
  return migrateUp(options);
}
