import { setAlerts } from '../alerts/set-alerts.ts';
import { type Retirement, type RetireOptions, retirePartitions } from '../archive/retire.ts';
import type { ArchiveSession } from '../archive/session.ts';
import { defaultTransforms } from '../archive/transform.ts';
import { connectOwner } from '../postgres/owner.ts';
import { openStorage } from '../storage/open.ts';
import type { RunReport, TaskContext } from './task.ts';

/**
 * For work that only the owner of the tables may do and that no transaction can hold: on a connection of its own, as
 * whoever may migrate.
 */
export async function withArchives<Result>(
  context: TaskContext,
  work: (session: ArchiveSession) => Promise<Result>,
): Promise<Result> {
  const storage = await openStorage(context.config);
  const client = await connectOwner(context.config.databaseUrl, 'archive job');
  try {
    return await work({
      client,
      storage,
      transforms: defaultTransforms,
      ...(context.abortSignal === undefined ? {} : { signal: context.abortSignal }),
    });
  } finally {
    storage.close();
    await client.end();
  }
}

/** What is held or waits is told to whoever watches alerts, and no longer once it is not. */
async function tell({ client }: ArchiveSession, retirements: readonly Retirement[]): Promise<void> {
  const name = 'partition_retirement';
  await setAlerts(
    (text, values) => client.query(text, values),
    retirements.map(({ partition }) => ({ name, subject: partition })),
    retirements
      .filter(({ outcome }) => outcome !== 'dropped')
      .map(({ partition, outcome, reason }) => ({
        name,
        level: 'warning',
        subject: partition,
        detail: { outcome, reason },
      })),
  );
}

export async function retireAndTell(session: ArchiveSession, options: RetireOptions): Promise<RunReport> {
  const retirements = await retirePartitions(session, options);
  await tell(session, retirements);
  return {
    rowsAffected: retirements.filter(({ outcome }) => outcome === 'dropped').length,
    detail: { partitions: retirements },
  };
}

/** The tables whose partitions go after a time, those that are exported first or the others. */
export async function retiringParents(
  { client }: ArchiveSession,
  isExported: boolean,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ parent: string }>(
    'select parent from ops.partition_policies where retain is not null and export_before_drop = $1 order by parent',
    [isExported],
  );
  return rows.map(({ parent }) => parent);
}
