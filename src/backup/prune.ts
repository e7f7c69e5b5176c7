import { exitCodes, StoaError } from '../errors.ts';
import {
  artifactName,
  type BackupEntry,
  backupsPrefix,
  listBackups,
  listUnfinished,
  readEntry,
  removeEntry,
} from './catalog.ts';
import { listPointObjects, placeOfPoint } from './drill/point.ts';
import {
  isPhysical,
  type KeepReason,
  planRetention,
  type RetentionPlan,
  type RetentionPolicy,
  usualRetention,
} from './retention.ts';
import { headerKey, type Vault } from './vault.ts';
import { readVerification } from './verify.ts';
import { parseLsn } from './wal/position.ts';
import { findWal, listWal, removeWal } from './wal-archive.ts';

export interface PruneOptions {
  readonly vault: Vault;
  readonly policy?: RetentionPolicy;
  /** Only say what would be done. */
  readonly isDryRun?: boolean;
  /** What was begun and not finished is taken for abandoned when nothing of it changed for so long. */
  readonly abandonedAfterMs?: number;
  readonly now?: Date;
  readonly onProgress?: (removed: number) => void;
}

export interface PruneResult {
  readonly isDryRun: boolean;
  readonly removed: readonly string[];
  readonly kept: readonly { readonly id: string; readonly reasons: readonly KeepReason[] }[];
  /** Files of the log. */
  readonly removedWal: readonly string[];
  /** What drills would have looked for at moments that cannot be restored any more. */
  readonly removedPoints: readonly string[];
  /** Of backups and of single objects that were never finished. */
  readonly removedUnfinished: readonly string[];
  /** What the storage would not let go, or nobody could read. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
}

export const usualPatienceMs = 24 * 3_600_000;

/** Ids of what was begun and has not changed for so long, with the keys of what lies there. */
export async function findAbandoned(
  vault: Vault,
  now: Date,
  abandonedAfterMs: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const abandoned = new Map<string, readonly string[]>();
  for (const id of await listUnfinished(vault.storage)) {
    const keys: string[] = [];
    let changedAt = 0;
    for await (const { key, modifiedAt } of vault.storage.list(`${backupsPrefix}${id}/`)) {
      keys.push(key);
      changedAt = Math.max(changedAt, modifiedAt.getTime());
    }
    if (now.getTime() - changedAt >= abandonedAfterMs) abandoned.set(id, keys);
  }
  return abandoned;
}

/** Points to which no kept backup leads, with the keys of what lies there; the note of a point comes first. */
async function findLostPoints(
  vault: Vault,
  plan: RetentionPlan,
  changedBefore: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const lost = new Map<string, readonly string[]>();
  for await (const { key, modifiedAt } of listPointObjects(vault.storage)) {
    const place = placeOfPoint(key);
    // One that is young may be of a backup that was not there yet when backups were listed.
    if (place === undefined || modifiedAt.getTime() > changedBefore) continue;
    if (plan.reaches(place.timeline, parseLsn(place.lsn))) continue;
    const keys = lost.get(place.point) ?? [];
    lost.set(place.point, key.endsWith('.json') ? [key, ...keys] : [...keys, key]);
  }
  return lost;
}

async function readAll(
  vault: Vault,
  refused: { name: string; reason: string }[],
): Promise<readonly BackupEntry[]> {
  const entries: BackupEntry[] = [];
  for (const id of await listBackups(vault.storage)) {
    try {
      entries.push(await readEntry(vault.storage, id));
    } catch (error) {
      const isFinding =
        error instanceof StoaError && (error.code === 'backup.damaged' || error.code === 'backup.unknown');
      if (!isFinding) throw error;
      refused.push({ name: id, reason: error.message });
    }
  }
  return entries;
}

/**
 * Removes what retention does not keep: backups, files of the log that none of the kept ones needs, and what was never
 * finished. An entry goes before what it names, so at no moment is there a backup that is not whole. What the storage does
 * not let go is told, and the rest goes on. Refuses backup.clock.
 */
export async function prune(options: PruneOptions): Promise<PruneResult> {
  const { vault, isDryRun = false, policy = usualRetention, onProgress = () => {} } = options;
  const { storage } = vault;
  const now = options.now ?? new Date();
  const refused: { name: string; reason: string }[] = [];
  const entries = await readAll(vault, refused);
  const unreadable = refused.length;
  const ahead = entries.find(({ finishedAt }) => Date.parse(finishedAt) > now.getTime() + 3_600_000);
  if (ahead) {
    throw new StoaError(
      'backup.clock',
      `${ahead.id} was made in the future, says the clock of this machine.`,
      {
        cure: 'Set the clock right; nothing is removed until then.',
        exitCode: exitCodes.refused,
      },
    );
  }
  const known = [];
  for (const entry of entries) {
    const verification = await readVerification(storage, entry.id);
    known.push({ entry, isVerified: verification !== undefined && verification.faults.length === 0 });
  }
  const plan = planRetention(known, now, policy);

  let count = 0;
  const attempt = async (name: string, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      if (!isDryRun) await work();
      count += 1;
      onProgress(count);
      return true;
    } catch (error) {
      if (!(error instanceof StoaError && error.code.startsWith('storage.'))) throw error;
      refused.push({ name, reason: error.message });
      return false;
    }
  };

  const removed: string[] = [];
  for (const id of plan.remove) {
    const entry = entries.find((candidate) => candidate.id === id);
    const names = Object.values(entry?.artifacts ?? {}).flatMap(({ key }) => [key, headerKey(key)]);
    const isGone = await attempt(id, async () => {
      await removeEntry(storage, id);
      // By their names as well, because a list may come late.
      const keys = new Set([...names, artifactName(id, 'verified.json')]);
      for await (const { key } of storage.list(`${backupsPrefix}${id}/`)) keys.add(key);
      for (const key of keys) await storage.delete(key);
    });
    if (isGone) removed.push(id);
  }

  const removedWal: string[] = [];
  const names = new Set(await listWal(vault));
  for (const name of names) {
    const isOvertaken = name.endsWith('.partial') && names.has(name.replace(/\.partial$/, ''));
    if (plan.needsWal(name) && !isOvertaken) continue;
    const isGone = await attempt(name, async () => {
      const wal = await findWal(vault, name);
      if (wal) await removeWal(vault, wal);
    });
    if (isGone) removedWal.push(name);
  }

  const patience = options.abandonedAfterMs ?? usualPatienceMs;
  const removedPoints: string[] = [];
  // Of a backup that cannot be read nobody knows what it reaches.
  if (entries.some(isPhysical) && unreadable === 0) {
    for (const [point, keys] of await findLostPoints(vault, plan, now.getTime() - patience)) {
      const isGone = await attempt(point, async () => {
        for (const key of keys) await storage.delete(key);
      });
      if (isGone) removedPoints.push(point);
    }
  }

  const removedUnfinished: string[] = [];
  for (const [id, keys] of await findAbandoned(vault, now, patience)) {
    const isGone = await attempt(id, async () => {
      for (const key of keys) await storage.delete(key);
    });
    if (isGone) removedUnfinished.push(id);
  }
  for await (const { id, name, changedAt } of storage.leftovers?.() ?? []) {
    if (now.getTime() - changedAt.getTime() < patience) continue;
    if (await attempt(name, async () => storage.removeLeftover?.(id))) removedUnfinished.push(name);
  }
  return {
    isDryRun,
    removed,
    kept: [...plan.keep].map(([id, reasons]) => ({ id, reasons })).sort((a, b) => (a.id < b.id ? -1 : 1)),
    removedWal,
    removedPoints,
    removedUnfinished,
    refused,
  };
}
