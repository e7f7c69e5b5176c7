import { buffer } from 'node:stream/consumers';
import { StoaError } from '../../errors.ts';
import { baseArtifacts } from '../base/create.ts';
import { listBackups, type PhysicalBackup, readEntry } from '../catalog.ts';
import { chainOf, newestFirst } from '../chain.ts';
import type { Artifact, Vault } from '../vault.ts';
import { readVerification } from '../verify.ts';
import { BlockIndex } from './index-object.ts';
import type { KeptIndexes } from './kept-index.ts';

/** The backup that an increment is laid over, and what it holds. */
export interface Parent {
  readonly entry: PhysicalBackup;
  readonly index: BlockIndex;
}

export interface ParentSearch {
  readonly parent: Parent | undefined;
  /** Why there is none. */
  readonly reason: string;
  /** Whether there is any backup of a cluster. */
  readonly hasBackups: boolean;
}

export interface ParentOptions {
  /** Where the index of a backup may be that cannot be read in the storage. */
  readonly kept?: KeptIndexes | undefined;
  /** How many increments there may be over a base. Default: any number. */
  readonly longestChain?: number;
}

async function indexOf(
  vault: Vault,
  entry: PhysicalBackup,
  artifact: Artifact,
  kept: KeptIndexes | undefined,
): Promise<BlockIndex | undefined> {
  const here = await kept?.read(entry.id, artifact);
  if (here !== undefined) return here;
  try {
    return BlockIndex.decode(await buffer(await vault.read(artifact)));
  } catch (error) {
    if (error instanceof StoaError && error.code === 'backup.no_key') return undefined;
    throw error;
  }
}

function isFinding(error: unknown): error is StoaError {
  return (
    error instanceof StoaError && ['backup.damaged', 'backup.unknown', 'storage.missing'].includes(error.code)
  );
}

/** A reason against it, or undefined: an increment over what cannot be restored is worth nothing. */
async function faultOf(vault: Vault, entry: PhysicalBackup): Promise<string | undefined> {
  for (const { id } of await chainOf(vault.storage, entry)) {
    const fault = (await readVerification(vault.storage, id))?.faults[0];
    if (fault !== undefined) return `${id} is not whole: ${fault}`;
  }
  return undefined;
}

/**
 * The newest backup that an increment of a cluster can be laid over: of the same timeline, with an index, and whole as
 * far as anybody knows, and with room above it. Where its index is encrypted for somebody else, the copy of it counts that is
 * kept here.
 */
export async function findParent(
  vault: Vault,
  cluster: { readonly systemIdentifier: string; readonly timeline: number },
  { kept, longestChain = Number.POSITIVE_INFINITY }: ParentOptions = {},
): Promise<ParentSearch> {
  const entries: PhysicalBackup[] = [];
  for (const id of await listBackups(vault.storage)) {
    try {
      const entry = await readEntry(vault.storage, id);
      if (entry.kind !== 'logical') entries.push(entry);
    } catch (error) {
      if (!isFinding(error)) throw error;
    }
  }
  const none = (reason: string): ParentSearch => ({
    parent: undefined,
    reason,
    hasBackups: entries.length > 0,
  });
  if (entries.length === 0) return none('there is no backup yet');
  const ofCluster = entries.filter((entry) => entry.systemIdentifier === cluster.systemIdentifier);
  if (ofCluster.length === 0) return none('the backups are those of another cluster');
  const ofTimeline = ofCluster.filter((entry) => entry.timeline === cluster.timeline);
  if (ofTimeline.length === 0) return none(`there is no backup of timeline ${cluster.timeline}`);
  let reason = 'no backup has an index of its blocks';
  for (const entry of ofTimeline.sort(newestFirst)) {
    const artifact = entry.artifacts[baseArtifacts.index];
    if (artifact === undefined) continue;
    try {
      const fault = await faultOf(vault, entry);
      if (fault !== undefined) {
        reason = fault;
        continue;
      }
      const chain = await chainOf(vault.storage, entry);
      if (chain.length > longestChain) {
        const count = `${chain.length - 1} of at most ${longestChain} increments`;
        return none(`a base is due: ${count} are laid over ${chain[0]?.id}`);
      }
      const index = await indexOf(vault, entry, artifact, kept);
      if (index !== undefined) return { parent: { entry, index }, reason: '', hasBackups: true };
      reason = `no private key here opens the hashes of the blocks of ${entry.id}, and no copy of them is kept here that is right`;
    } catch (error) {
      if (!isFinding(error)) throw error;
      reason = error.message;
    }
  }
  return none(reason.replace(/\.$/, ''));
}
