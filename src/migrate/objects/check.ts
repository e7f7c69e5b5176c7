import type { Client } from 'pg';
import { type Difference, differences, fingerprint } from '../../catalog/fingerprint.ts';
import { modules as registry, resolveModules } from '../../modules.ts';
import { withMigrator } from '../migrator.ts';
import { projectRoot } from '../root.ts';
import { migratedSchemas } from '../schemas.ts';
import { withScratchDatabase } from '../scratch.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import { inDependencyOrder, type World } from './dependency.ts';
import { readWorkingCopy } from './working-copy.ts';

export interface ObjectsCheck {
  readonly objects: number;
  /** What applying `sql/` to the migrated database changes in its catalog: nothing, if all is well. */
  readonly changes: readonly Difference[];
  readonly coverage: Coverage;
  readonly agrees: boolean;
}

export interface ObjectsCheckOptions {
  /** May create databases on the server. */
  readonly adminUrl: string;
  readonly modules?: readonly string[] | undefined;
  readonly root?: string;
}

/**
 * Proves, on a scratch database, that the migrations lead to what stands under `sql/`: applying every file of it
 * changes nothing, and every function, view, trigger and policy is defined by exactly one file.
 */
export async function checkObjects(options: ObjectsCheckOptions): Promise<ObjectsCheck> {
  const root = options.root ?? projectRoot;
  const workingCopy = await readWorkingCopy(root, resolveModules(options.modules));
  return withScratchDatabase(options.adminUrl, 'objects', (databaseUrl) =>
    withMigrator(
      { databaseUrl, root, modules: options.modules },
      async ({ migrations, session, apply, plan }) => {
        for (const migration of migrations) await apply(await plan(migration, 'up'));
        const migrated = await fingerprint(session.worker, migratedSchemas);
        await applyWorkingCopy(session.worker, workingCopy);
        const changes = differences(migrated, await fingerprint(session.worker, migratedSchemas));
        const coverage = await coverageOf(
          session.worker,
          workingCopy,
          registry.map(({ schema }) => schema),
        );
        const agrees =
          changes.length === 0 &&
          coverage.withoutFile.length + coverage.withSeveralFiles.length + coverage.notInDatabase.length ===
            0;
        return { objects: workingCopy.size, changes, coverage, agrees };
      },
    ),
  );
}

/** Runs every file, each after what it needs, in one transaction. */
export async function applyWorkingCopy(client: Client, workingCopy: World): Promise<void> {
  await client.query('begin; set local check_function_bodies = off');
  try {
    for (const path of inDependencyOrder(workingCopy.keys(), workingCopy)) {
      await client.query(workingCopy.get(path)?.text ?? '');
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
