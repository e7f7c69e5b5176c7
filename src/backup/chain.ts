import { exitCodes, StoaError } from '../errors.ts';
import type { Storage } from '../storage/storage.ts';
import { type PhysicalBackup, readEntry } from './catalog.ts';

/** By when they were done: ids of the same second are in no order. */
export function newestFirst(one: PhysicalBackup, other: PhysicalBackup): number {
  return (
    Date.parse(other.finishedAt) - Date.parse(one.finishedAt) ||
    (other.id < one.id ? -1 : Number(other.id > one.id))
  );
}

function broken(entry: PhysicalBackup, reason: string, cause?: unknown): StoaError {
  return new StoaError('backup.damaged', `Increment ${entry.id} cannot be restored: ${reason}.`, {
    cure: 'Use another backup; "stoa backup verify --all" tells which are whole.',
    exitCode: exitCodes.checkFailed,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A base and the increments that are laid over it, in this order. Refuses backup.damaged where one of them is missing. */
export async function chainOf(storage: Storage, entry: PhysicalBackup): Promise<readonly PhysicalBackup[]> {
  const chain = [entry];
  for (let child = entry; child.kind === 'increment'; ) {
    const { parent: id } = child;
    if (id === undefined) throw broken(child, 'it names no parent');
    if (chain.some((known) => known.id === id)) throw broken(entry, `${id} is laid over itself`);
    let parent: Awaited<ReturnType<typeof readEntry>>;
    try {
      parent = await readEntry(storage, id);
    } catch (error) {
      if (!(error instanceof StoaError && error.code === 'backup.unknown')) throw error;
      throw broken(entry, `${id}, which it is laid over, is not there`, error);
    }
    if (parent.kind === 'logical' || parent.systemIdentifier !== entry.systemIdentifier) {
      throw broken(entry, `${id}, which it is laid over, is not of its cluster`);
    }
    chain.unshift(parent);
    child = parent;
  }
  return chain;
}
