import { createIncrement } from './base/create.ts';
import type { PhysicalBackup } from './catalog.ts';
import { notePointIfDue } from './drill/note.ts';
import { openKeptIndexes } from './increment/kept-index.ts';
import { findParent, type ParentSearch } from './increment/parent.ts';
import { connectReplication, identifySystem } from './replication/connection.ts';
import { type RunBaseOptions, runBaseBackup, takeRecorded } from './run-base.ts';

/** What an increment of this installation could be laid over. */
export async function searchParent({ config, vault }: RunBaseOptions): Promise<ParentSearch> {
  const client = await connectReplication(config.backupUrl ?? config.adminUrl, 'backup');
  try {
    return await findParent(vault, await identifySystem(client), {
      kept: openKeptIndexes(config),
      longestChain: config.backup.longestChain,
    });
  } finally {
    await client.end();
  }
}

export interface RunIncrementOptions extends RunBaseOptions {
  /** Told why a whole backup is taken instead. */
  readonly onWhole: (reason: string) => void;
}

/**
 * An increment over the newest backup that can be one's parent, recorded in the database as far as that can be written;
 * where there is none, as after a restore, a whole one.
 */
export async function runIncrement(
  options: RunIncrementOptions,
  search?: ParentSearch,
): Promise<PhysicalBackup> {
  const { parent, reason } = search ?? (await searchParent(options));
  if (parent === undefined) {
    options.onWhole(reason);
    return runBaseBackup({ ...options, hasIndex: true });
  }
  return takeRecorded(options, {
    kind: 'increment',
    take: (given) => createIncrement(given, parent),
    notePoint: notePointIfDue,
  });
}
