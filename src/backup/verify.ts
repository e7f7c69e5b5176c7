import { z } from 'zod';
import { StoaError } from '../errors.ts';
import { readObject } from '../storage/read.ts';
import type { Storage } from '../storage/storage.ts';
import { artifactName, type BackupEntry, type PhysicalBackup, readEntry } from './catalog.ts';
import { chainOf } from './chain.ts';
import { checkIncrement } from './restore/lay-over.ts';
import { checkBase } from './restore/unpack.ts';
import type { Vault } from './vault.ts';

const shape = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  at: z.iso.datetime(),
  /** Whether it was also decrypted, unpacked and compared with the server's manifest. */
  isDeep: z.boolean(),
  faults: z.array(z.string()),
});

/** What the last look at a backup found. It counts as good when there are no faults. */
export type Verification = z.infer<typeof shape>;

const keyOf = (id: string): string => artifactName(id, 'verified.json');

/** Undefined where nobody has looked yet, or the note cannot be read. */
export async function readVerification(storage: Storage, id: string): Promise<Verification | undefined> {
  if ((await storage.head(keyOf(id))) === undefined) return undefined;
  const text = (await readObject(storage, keyOf(id))).toString('utf8');
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export interface VerifyOptions {
  readonly vault: Vault;
  readonly id: string;
  /** Needs a key where the backup is encrypted. */
  readonly isDeep?: boolean;
  /** What an increment is laid over is looked at too, where nobody has since then. Default: now. */
  readonly since?: Date;
  readonly signal?: AbortSignal;
  /** Bytes so far, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What a storage or a vault says of an object; anything else is no finding about the backup. */
function faultOf(error: unknown): string {
  const isFinding =
    error instanceof StoaError &&
    (error.code === 'storage.missing' || error.code === 'backup.damaged' || error.code === 'backup.unknown');
  if (!isFinding) throw error;
  return error.message;
}

async function faultsOf(options: VerifyOptions, entry: BackupEntry): Promise<readonly string[]> {
  const { vault, signal, isDeep = false, onProgress = () => {} } = options;
  const faults: string[] = [];
  const artifacts = Object.values(entry.artifacts);
  const stored = artifacts.reduce((sum, { storedSize }) => sum + storedSize, 0);
  // No key is needed to look into what is stored as it was.
  const isLookedInto = isDeep || artifacts.some(({ storedSha256 }) => storedSha256 === undefined);
  let done = 0;
  for (const artifact of artifacts) {
    signal?.throwIfAborted();
    try {
      await vault.check(artifact, (bytes) => onProgress(done + bytes, stored));
    } catch (error) {
      faults.push(faultOf(error));
    }
    done += artifact.storedSize;
  }
  if (entry.kind === 'increment') {
    try {
      faults.push(...(await faultsBelow(options, entry)));
    } catch (error) {
      faults.push(faultOf(error));
    }
  }
  if (isLookedInto && entry.kind !== 'logical' && faults.length === 0) {
    const check = entry.kind === 'base' ? checkBase : checkIncrement;
    try {
      await check({
        vault,
        entry,
        owner: undefined,
        ...(signal === undefined ? {} : { signal }),
        onProgress,
      });
    } catch (error) {
      faults.push(faultOf(error));
    }
  }
  if (isDeep && entry.kind === 'logical' && faults.length === 0) {
    for (const artifact of Object.values(entry.artifacts)) {
      signal?.throwIfAborted();
      try {
        for await (const _ of await vault.read(artifact)) {
          // Decrypted and unpacked; the end compares it with what went in.
        }
      } catch (error) {
        faults.push(faultOf(error));
      }
    }
  }
  return faults;
}

/** Of what an increment is laid over: without it, all of it, the increment is nothing. */
async function faultsBelow(options: VerifyOptions, entry: PhysicalBackup): Promise<readonly string[]> {
  const { vault, isDeep = false, since = new Date() } = options;
  const faults: string[] = [];
  for (const { id } of (await chainOf(vault.storage, entry)).slice(0, -1)) {
    const known = await readVerification(vault.storage, id);
    const isRecent =
      known !== undefined && Date.parse(known.at) >= since.getTime() && known.isDeep === isDeep;
    const found = isRecent ? known : await verifyBackup({ ...options, since, id });
    if (found.faults[0] !== undefined) {
      faults.push(`It is laid over ${id}, which is not whole: ${found.faults[0]}`);
    }
  }
  return faults;
}

/**
 * Reads all of a backup and compares it with what was written; nothing of that needs a key, except `isDeep`. What was
 * found is kept beside the backup. Refuses backup.no_key, and what hinders the storage.
 */
export async function verifyBackup(options: VerifyOptions): Promise<Verification> {
  const { vault, id, isDeep = false } = options;
  let faults: readonly string[];
  let isDeepDone = false;
  try {
    const entry = await readEntry(vault.storage, id);
    faults = await faultsOf(options, entry);
    isDeepDone = isDeep;
  } catch (error) {
    if (!(error instanceof StoaError && error.code === 'backup.damaged')) throw error;
    faults = [error.message];
  }
  const verification = shape.parse({
    format: 1,
    id,
    at: new Date().toISOString(),
    isDeep: isDeepDone,
    faults,
  });
  await vault.storage.put(keyOf(id), Buffer.from(`${JSON.stringify(verification)}\n`), {
    contentType: 'application/json',
  });
  return verification;
}
