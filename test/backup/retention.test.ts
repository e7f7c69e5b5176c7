import { describe, expect, test } from 'vitest';
import type { BackupEntry } from '../../src/backup/catalog.ts';
import { type KnownBackup, planRetention, usualRetention } from '../../src/backup/retention.ts';
import { formatLsn, parseLsn, segmentName, segmentStart } from '../../src/backup/wal/position.ts';

const size = 16 * 1024 * 1024;
const dayMs = 86_400_000;
const now = new Date('2026-11-21T12:00:00Z');
const artifacts = {};

/** A backup of so many days ago. The log grows by one file an hour. */
function at(daysAgo: number, kind: 'base' | 'increment' | 'logical', parent?: string, salt = 0): BackupEntry {
  const finished = new Date(now.getTime() - daysAgo * dayMs);
  const hour = BigInt(Math.round((100 - daysAgo) * 24));
  const stamp = finished
    .toISOString()
    .replaceAll(/[-:]/g, '')
    .replace(/\.\d+Z/, 'Z');
  const shared = {
    format: 1 as const,
    id: `${stamp}-${kind}-${salt.toString(16).padStart(6, '0')}`,
    startedAt: finished.toISOString(),
    finishedAt: finished.toISOString(),
    serverVersion: 180004,
    systemIdentifier: '7710338095299045802',
    recipients: [],
    artifacts,
  };
  if (kind === 'logical') return { ...shared, kind, tiers: ['A', 'B'], lsn: formatLsn(hour * BigInt(size)) };
  return {
    ...shared,
    kind,
    ...(parent === undefined ? {} : { parent }),
    timeline: 1,
    startLsn: formatLsn(hour * BigInt(size) + 40n),
    endLsn: formatLsn(hour * BigInt(size) + 400n),
    walSegmentSize: size,
  };
}

const known = (entries: readonly BackupEntry[]): KnownBackup[] =>
  entries.map((entry) => ({ entry, isVerified: false }));

describe('retention', () => {
  test('keeps the newest of each of thirty days, and all of the last seven', () => {
    const entries = Array.from({ length: 160 }, (_, n) => at(n / 4, 'base'));
    const plan = planRetention(known(entries), now);
    const kept = entries.filter(({ id }) => plan.keep.has(id));
    const young = kept.filter(({ finishedAt }) => now.getTime() - Date.parse(finishedAt) <= 7 * dayMs);
    expect(young).toHaveLength(29);
    const days = new Set(kept.map(({ finishedAt }) => finishedAt.slice(0, 10)));
    expect(days.size).toBe(31);
    // Eight days are touched by the window, and the one that began before it has its anchor besides.
    expect(kept).toHaveLength(29 + (31 - 8) + 1);
    for (const { finishedAt } of kept) {
      expect(now.getTime() - Date.parse(finishedAt)).toBeLessThanOrEqual(30 * dayMs);
    }
  });

  test('keeps the base from which the beginning of the window is reached, and the log from there on', () => {
    const [newest, anchor, older] = [at(1, 'base'), at(45, 'base'), at(60, 'base')];
    const plan = planRetention(known([older, anchor, newest]), now);
    expect([...plan.keep]).toEqual([
      [newest.id, ['newest', 'daily', 'window']],
      [anchor.id, ['anchor']],
    ]);
    const file = (daysAgo: number) => segmentName(1, BigInt((100 - daysAgo) * 24) * BigInt(size), size);
    expect([60, 46, 45, 30, 1, 0].filter((day) => plan.needsWal(file(day)))).toEqual([45, 30, 1, 0]);
    expect(plan.needsWal('00000002.history')).toBe(true);
    expect(plan.needsWal(`${file(50)}.partial`)).toBe(false);
  });

  test('removes nothing by age when nothing new is made', () => {
    const entries = [at(200, 'base'), at(100, 'base'), at(8, 'base')];
    expect(planRetention(known(entries), now).remove).toEqual([]);
  });

  test('keeps the last that was verified, however old', () => {
    const entries = Array.from({ length: 90 }, (_, n) => at(n, 'base'));
    const verified = entries.map((entry, n) => ({ entry, isVerified: n === 70 || n === 80 }));
    const plan = planRetention(verified, now);
    expect(plan.keep.get(entries[70]?.id ?? '')).toEqual(['last verified']);
    expect(plan.keep.has(entries[80]?.id ?? '')).toBe(false);
  });
});

/** Numbers that look random and are the same each time (a linear congruential generator, Knuth's constants). */
function numbersFrom(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 33n) / 2 ** 31;
  };
}

function history(seed: number): KnownBackup[] {
  const next = numbersFrom(seed);
  const entries: BackupEntry[] = [];
  let day = next() * 120;
  for (let salt = 0; day > 0 && salt < 80; salt += 1) {
    const physical = entries.filter(({ kind }) => kind !== 'logical');
    const dice = next();
    const parent =
      dice < 0.5 ? physical.at(-1 - Math.floor(next() * Math.min(3, physical.length))) : undefined;
    if (parent) entries.push(at(day, 'increment', parent.id, salt));
    else entries.push(at(day, dice > 0.9 ? 'logical' : 'base', undefined, salt));
    day -= next() * 3;
  }
  return entries.map((entry) => ({ entry, isVerified: next() > 0.8 }));
}

test('whatever was backed up when, nothing that is needed is removed', () => {
  let removals = 0;
  for (let seed = 1; seed <= 400; seed += 1) {
    const backups = history(seed);
    const plan = planRetention(backups, now);
    const entries = backups.map(({ entry }) => entry);
    const isKept = (id: string): boolean => plan.keep.has(id);
    removals += plan.remove.length;

    // Each is either kept or removed.
    expect([...plan.keep.keys(), ...plan.remove].sort()).toEqual(entries.map(({ id }) => id).sort());
    for (const entry of entries) {
      if (entry.kind === 'increment' && isKept(entry.id)) expect(isKept(entry.parent ?? '')).toBe(true);
    }
    // Removing in this order never leaves an increment without its parent, wherever it stops.
    plan.remove.forEach((id, index) => {
      for (const entry of entries) {
        if (entry.kind !== 'increment' || entry.parent !== id) continue;
        expect(plan.remove.indexOf(entry.id)).toBeLessThan(index);
        expect(isKept(entry.id)).toBe(false);
      }
    });
    const verified = backups.filter(({ isVerified }) => isVerified).map(({ entry }) => entry);
    if (verified.length > 0) expect(isKept(verified.at(-1)?.id ?? '')).toBe(true);
    const bases = entries.filter(({ kind }) => kind === 'base');
    if (bases.length > 0) expect(isKept(bases.at(-1)?.id ?? '')).toBe(true);

    // Every moment of the window that could be restored before can be restored afterwards.
    const from = now.getTime() - usualRetention.windowDays * dayMs;
    const anchor = bases.filter(({ finishedAt }) => Date.parse(finishedAt) < from).at(-1) ?? bases[0];
    if (anchor?.kind === 'base') {
      expect(isKept(anchor.id)).toBe(true);
      const first = segmentStart(parseLsn(anchor.startLsn), size);
      for (let start = first; start < 2500n * BigInt(size); start += BigInt(24 * size)) {
        expect(plan.needsWal(segmentName(1, start, size))).toBe(true);
      }
    }
    // The same question has the same answer, and what was removed is not asked for again.
    const rest = backups.filter(({ entry }) => isKept(entry.id));
    expect(planRetention(rest, now).remove).toEqual([]);
  }
  expect(removals).toBeGreaterThan(500);
});
