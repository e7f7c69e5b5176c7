import type { AppliedMigration } from './ledger.ts';
import type { Migration } from './load.ts';

/** How the files differ from what this database has run; empty when they do not. */
export function appliedFaults(
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
): {
  readonly edited: readonly Migration[];
  /** Names of applied migrations without a file. */
  readonly missing: readonly string[];
} {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  const edited: Migration[] = [];
  const missing: string[] = [];
  for (const { name, checksum } of applied) {
    const migration = byName.get(name);
    if (!migration) missing.push(name);
    else if (checksum !== null && !checksum.equals(migration.checksum)) edited.push(migration);
  }
  return { edited, missing };
}

export function describeFaults(faults: ReturnType<typeof appliedFaults>): readonly string[] {
  return [
    ...faults.edited.map(({ file }) => `${file} was edited after it was applied to this database`),
    ...faults.missing.map((name) => `${name} is applied to this database, but its file is gone`),
  ];
}
