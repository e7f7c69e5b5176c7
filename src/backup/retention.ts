import type { BackupEntry, PhysicalBackup } from './catalog.ts';
import { type Lsn, parseLsn, placeOf, segmentName, segmentStart } from './wal/position.ts';
import { usualSegmentSize } from './wal-coverage.ts';

export interface RetentionPolicy {
  /** The newest backup of each day is kept for so many days. */
  readonly keptDays: number;
  /** Every moment of so many days can be restored, as far as backups and log reach. */
  readonly windowDays: number;
}

export const usualRetention: RetentionPolicy = { keptDays: 30, windowDays: 7 };

export interface KnownBackup {
  readonly entry: BackupEntry;
  /** Somebody looked at all of it and found nothing wrong. */
  readonly isVerified: boolean;
}

export type KeepReason =
  | 'daily'
  | 'window'
  | 'anchor'
  | 'newest'
  | 'last verified'
  | 'parent'
  | 'nothing newer';

export interface RetentionPlan {
  readonly keep: ReadonlyMap<string, readonly KeepReason[]>;
  /** What is laid over another comes before it. */
  readonly remove: readonly string[];
  /** Whether a file of the log, by its name, is needed by what is kept. */
  needsWal(name: string): boolean;
  /** Whether a kept backup and the kept log lead to a position of a timeline. */
  reaches(timeline: number, lsn: Lsn): boolean;
}

const dayMs = 86_400_000;

export const isPhysical = (entry: BackupEntry): entry is PhysicalBackup => entry.kind !== 'logical';

/** Backups that stand for each other: bases, increments, dumps of the same tiers. */
function groupOf(entry: BackupEntry): string {
  return entry.kind === 'logical' ? `logical ${[...entry.tiers].sort().join('')}` : entry.kind;
}

function newestOf(entries: readonly BackupEntry[]): BackupEntry | undefined {
  return entries.reduce<BackupEntry | undefined>(
    (newest, entry) => (newest === undefined || entry.finishedAt > newest.finishedAt ? entry : newest),
    undefined,
  );
}

/** Decides from the entries alone. The same entries and the same moment give the same plan. */
export function planRetention(
  backups: readonly KnownBackup[],
  now: Date,
  policy: RetentionPolicy = usualRetention,
): RetentionPlan {
  const entries = backups.map(({ entry }) => entry);
  const reasons = new Map<string, Set<KeepReason>>();
  const keep = (entry: BackupEntry | undefined, reason: KeepReason): void => {
    if (entry === undefined) return;
    reasons.set(entry.id, (reasons.get(entry.id) ?? new Set()).add(reason));
  };
  const ageOf = (entry: BackupEntry): number => now.getTime() - Date.parse(entry.finishedAt);
  const bases = entries.filter(({ kind }) => kind === 'base');
  const newestBase = newestOf(bases);

  const groups = Map.groupBy(entries, groupOf);
  for (const [group, members] of groups) {
    // An increment is worth as much as the window that it makes quicker to reach.
    if (group === 'increment') continue;
    keep(newestOf(members), 'newest');
    const young = members.filter((entry) => ageOf(entry) <= policy.keptDays * dayMs);
    for (const day of Map.groupBy(young, ({ finishedAt }) => finishedAt.slice(0, 10)).values()) {
      keep(newestOf(day), 'daily');
    }
  }
  const windowMs = policy.windowDays * dayMs;
  for (const entry of entries) if (ageOf(entry) <= windowMs) keep(entry, 'window');
  // The beginning of the window is reached from a base that was there already.
  const anchor = newestOf(bases.filter((entry) => ageOf(entry) > windowMs));
  keep(anchor, 'anchor');
  keep(newestOf(backups.filter(({ isVerified }) => isVerified).map(({ entry }) => entry)), 'last verified');
  // When nothing new is made, age is no reason to have less.
  if (newestBase && ageOf(newestBase) > windowMs) for (const entry of entries) keep(entry, 'nothing newer');

  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const parentOf = (entry: BackupEntry): BackupEntry | undefined =>
    entry.kind === 'increment' && entry.parent !== undefined ? byId.get(entry.parent) : undefined;
  for (const id of [...reasons.keys()]) {
    const child = byId.get(id);
    for (let parent = child && parentOf(child); parent; parent = parentOf(parent)) keep(parent, 'parent');
  }

  const depthOf = (entry: BackupEntry): number => {
    const parent = parentOf(entry);
    return parent === undefined ? 0 : 1 + depthOf(parent);
  };
  const remove = entries
    .filter(({ id }) => !reasons.has(id))
    .sort((a, b) => depthOf(b) - depthOf(a) || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);

  const kept = entries.filter(({ id }) => reasons.has(id)).filter(isPhysical);
  // Positions of two clusters say nothing about each other.
  const ofCluster = kept.filter((entry) => entry.systemIdentifier === newestBase?.systemIdentifier);
  const inWindow = ofCluster.filter((entry) => entry.kind === 'base' && ageOf(entry) <= windowMs);
  const anchors = ofCluster.filter(({ id }) => id === anchor?.id);
  const from = [...anchors, ...inWindow].map(({ startLsn }) => parseLsn(startLsn));
  const oldest = (from.length > 0 ? from : ofCluster.map(({ startLsn }) => parseLsn(startLsn))).reduce<
    Lsn | undefined
  >((least, lsn) => (least === undefined || lsn < least ? lsn : least), undefined);

  const plan: RetentionPlan = {
    keep: new Map([...reasons].map(([id, set]) => [id, [...set]])),
    remove,
    needsWal(name) {
      // Histories are small, and without one nothing goes from a timeline to the next.
      if (name.endsWith('.history') || oldest === undefined) return true;
      return kept.some((entry) => {
        const size = entry.walSegmentSize ?? usualSegmentSize;
        const { start, timeline } = placeOf(name, size);
        if (start >= segmentStart(oldest, size)) return true;
        return (
          timeline === entry.timeline &&
          start >= segmentStart(parseLsn(entry.startLsn), size) &&
          start <= parseLsn(entry.endLsn)
        );
      });
    },
    reaches(timeline, lsn) {
      return kept.some((entry) => {
        if (entry.timeline !== timeline || parseLsn(entry.endLsn) > lsn) return false;
        return plan.needsWal(segmentName(timeline, lsn, entry.walSegmentSize ?? usualSegmentSize));
      });
    },
  };
  return plan;
}
