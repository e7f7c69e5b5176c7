import { exitCodes, StoaError } from '../../errors.ts';
import { listBackups, type PhysicalBackup, readEntry } from '../catalog.ts';
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

async function choosePhysical(vault: Vault, wanted: string): Promise<PhysicalBackup> {
  const all = await physicalBackups(vault);
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

/** Which backup is restored to which moment. Refuses drill.no_backup. */
export async function chooseDrill(vault: Vault, wish: DrillWish): Promise<DrillChoice> {
  const backup = await choosePhysical(vault, wish.backup);
  const latest = { backup, target: { kind: 'latest' }, point: undefined, targetAt: wish.now } as const;
  if (wish.to === 'point') {
    // Nothing is noted after an increment: then it is the newest backup that a point lies behind.
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
