import { connect } from '../../postgres/connect.ts';
import { connectOwner } from '../../postgres/owner.ts';
import { type BackupEntry, backupsPrefix } from '../catalog.ts';
import { baseArtifacts, deltaArtifact } from './create.ts';

/** How long a daily backup is kept. */
export const keptDays = 30;

/**
 * The newest migration of a database, as an entry names it; undefined where it is none of Stoa's or cannot be read. With a
 * login that may act as the owner.
 */
export async function newestMigration(url: string): Promise<string | undefined> {
  try {
    const client = await connectOwner(url, 'backup');
    try {
      const { rows } = await client.query<{ name: string }>(
        "select version || '_' || name as name from ops.schema_migrations order by version desc limit 1",
      );
      return rows[0]?.name;
    } finally {
      await client.end();
    }
  } catch {
    return undefined;
  }
}

/**
 * Runs `work` and keeps in ops.backup_runs how it went, as the login of the worker. A backup is not given up because it
 * could not be recorded: `onTrouble` is told.
 */
export async function recordedBackup<Entry extends BackupEntry>(
  url: string,
  onTrouble: (reason: string) => void,
  kind: 'base' | 'increment' | 'logical_tier' | 'logical_full',
  work: () => Promise<Entry>,
): Promise<Entry> {
  const attempt = async <Result>(
    statement: string,
    values: readonly unknown[],
    read: (row: Record<string, unknown> | undefined) => Result,
  ): Promise<Result | undefined> => {
    try {
      const client = await connect(url, 'backup');
      try {
        const { rows } = await client.query<Record<string, unknown>>(statement, [...values]);
        return read(rows[0]);
      } finally {
        await client.end();
      }
    } catch (error) {
      onTrouble(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const run = await attempt(
    "insert into ops.backup_runs (kind, location, status) values ($1, '', 'running') returning id",
    [kind],
    (row) => String(row?.['id']),
  );
  try {
    const entry = await work();
    const archive = entry.artifacts[baseArtifacts.archive] ?? entry.artifacts[deltaArtifact];
    const stored = Object.values(entry.artifacts).reduce((sum, { storedSize }) => sum + storedSize, 0);
    const [startLsn, endLsn] =
      entry.kind === 'logical' ? [entry.lsn, entry.lsn] : [entry.startLsn, entry.endLsn];
    if (run !== undefined) {
      await attempt(
        `update ops.backup_runs
         set status = 'ok', location = $2, size_bytes = $3, sha256 = decode($4, 'hex'), encrypted = $5,
             wal_start_lsn = $6, wal_end_lsn = $7, started_at = $8, finished_at = $9,
             expires_at = $9::timestamptz + make_interval(days => $10)
         where id = $1`,
        [
          run,
          `${backupsPrefix}${entry.id}`,
          stored,
          archive?.storedSha256,
          entry.recipients.length > 0,
          startLsn,
          endLsn,
          entry.startedAt,
          entry.finishedAt,
          keptDays,
        ],
        () => undefined,
      );
    }
    return entry;
  } catch (error) {
    if (run !== undefined) {
      await attempt(
        "update ops.backup_runs set status = 'failed', finished_at = clock_timestamp(), error = $2 where id = $1",
        [run, error instanceof Error ? error.message : String(error)],
        () => undefined,
      );
    }
    throw error;
  }
}
