import { exitCodes, StoaError } from '../../errors.ts';
import { entryKey, listBackups, type PhysicalBackup, readEntry } from '../catalog.ts';
import type { Vault } from '../vault.ts';
import { parseLsn } from '../wal/position.ts';
import { findWal, listWal } from '../wal-archive.ts';
import { type DrillPoint, listPoints, readPoint } from './point.ts';
import type { DrillTarget } from './restored.ts';

export interface DrillChoice {
  readonly backup: PhysicalBackup;
  readonly target: DrillTarget;
  /** What the tables held there, where that was noted. */
  readonly point: DrillPoint | undefined;
  readonly targetAt: Date;
}

export interface DrillWish {
  readonly backup: 'newest' | 'oldest' | string;
  /** `point`: the newest that was noted after the backup, else the latest; `random`: any moment since the backup. */
  readonly to: 'latest' | 'point' | 'random';
  /** The newest backup that the database has a record of: a storage that does not list it hides it. */
  readonly recorded?: string | undefined;
  readonly now: Date;
  /** From 0 to 1. */
  readonly chance: number;
}

async function physicalBackups(vault: Vault): Promise<readonly PhysicalBackup[]> {
  const found: PhysicalBackup[] = [];
  for (const id of await listBackups(vault.storage)) {
    const entry = await readEntry(vault.storage, id);
    if (entry.kind !== 'logical') found.push(entry);
  }
  return found;
}

/** What is newer than all that is listed would be passed over without a word. */
async function requireListed(
  vault: Vault,
  recorded: string,
  listed: readonly PhysicalBackup[],
): Promise<void> {
  if (listed.some(({ id }) => id === recorded)) return;
  const isThere = (await vault.storage.head(entryKey(recorded))) !== undefined;
  throw new StoaError(
    'drill.not_listed',
    isThere
      ? `${vault.storage.description} does not list ${recorded}, the newest backup, which is there.`
      : `${recorded}, the newest backup that the database has a record of, is not in ${vault.storage.description}.`,
    {
      cure: isThere
        ? 'Look into the storage: what it does not list is not pruned, verified or chosen. Or name it with --backup.'
        : 'See that STOA_BACKUP_STORAGE is the place of the backups, and take one: stoa backup create.',
      exitCode: exitCodes.checkFailed,
    },
  );
}

async function choosePhysical(
  vault: Vault,
  { backup: wanted, recorded }: Pick<DrillWish, 'backup' | 'recorded'>,
): Promise<PhysicalBackup> {
  const all = await physicalBackups(vault);
  if (wanted === 'newest' && recorded !== undefined) await requireListed(vault, recorded, all);
  const found =
    wanted === 'newest' ? all.at(-1) : wanted === 'oldest' ? all[0] : all.find(({ id }) => id === wanted);
  if (found !== undefined) return found;
  throw new StoaError(
    'drill.no_backup',
    `There is no ${wanted} backup of the cluster in ${vault.storage.description}.`,
    {
      cure: 'Look at "stoa backup list", or take one with "stoa backup create".',
      exitCode: exitCodes.checkFailed,
    },
  );
}

/** The newest moment that the archive reaches. */
async function archivedUntil(vault: Vault): Promise<Date | undefined> {
  const last = (await listWal(vault)).findLast((name) => !name.endsWith('.history'));
  const note = last === undefined ? undefined : await findWal(vault, last);
  return note === undefined ? undefined : new Date(note.archivedAt);
}

/** Which backup is restored to which moment. Refuses drill.no_backup, drill.not_listed, and what reading them does. */
export async function chooseDrill(vault: Vault, wish: DrillWish): Promise<DrillChoice> {
  const backup = await choosePhysical(vault, wish);
  const latest = { backup, target: { kind: 'latest' }, point: undefined, targetAt: wish.now } as const;
  if (wish.to === 'point') {
    // Not every increment has a point behind it: then it is the newest backup that one lies behind.
    const candidates = wish.backup === 'newest' ? (await physicalBackups(vault)).toReversed() : [backup];
    for (const key of (await listPoints(vault, backup.timeline)).toReversed()) {
      const point = await readPoint(vault, key);
      const from = candidates.find(
        ({ endLsn, timeline, systemIdentifier }) =>
          timeline === point.timeline &&
          systemIdentifier === point.systemIdentifier &&
          systemIdentifier === backup.systemIdentifier &&
          parseLsn(endLsn) <= parseLsn(point.lsn),
      );
      if (from === undefined) continue;
      return {
        backup: from,
        target: { kind: 'lsn', lsn: point.lsn },
        point,
        targetAt: new Date(point.takenAt),
      };
    }
    return latest;
  }
  if (wish.to === 'random') {
    const from = Date.parse(backup.finishedAt);
    const until = (await archivedUntil(vault))?.getTime() ?? from;
    if (until <= from) return latest;
    const at = new Date(from + Math.floor((until - from) * wish.chance));
    const time = at.toISOString().replace('T', ' ').replace('Z', '+00');
    return { backup, target: { kind: 'time', time }, point: undefined, targetAt: at };
  }
  return latest;
}
