import { exitCodes, StoaError } from '../errors.ts';
import type { AppliedMigration } from './ledger.ts';
import type { Migration } from './load.ts';

/**
 * The migrations that are still to be applied, in order.
 *
 * A module that is chosen later may bring files that sort before applied ones: its tables are its own. Inside a
 * module a file may not appear before one that is applied, because other databases have run them the other way round.
 */
export function pendingMigrations(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  const appliedNames = new Set(applied.map(({ name }) => name));
  const lastApplied = new Map<string, Migration>();
  for (const migration of migrations) {
    if (appliedNames.has(migration.name)) lastApplied.set(migration.module, migration);
  }
  const pending = migrations.filter(({ name }) => !appliedNames.has(name));
  for (const migration of pending) {
    const last = lastApplied.get(migration.module);
    if (last && migration.version < last.version) {
      throw new StoaError(
        'migrate.order',
        `${migration.file} is not applied, but ${last.file}, which comes after it in the module, is.`,
        {
          cure: 'Rename the newer file so that its number comes last, and correct migrations.lock.',
          exitCode: exitCodes.refused,
        },
      );
    }
  }
  return pending;
}
