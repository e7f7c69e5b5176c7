import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeEntry } from '../../src/backup/catalog.ts';
import { listPoints, storePoint } from '../../src/backup/drill/point.ts';
import { prune } from '../../src/backup/prune.ts';
import { openVault } from '../../src/backup/vault.ts';
import { folderStorage } from '../../src/storage/folder.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-points-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const storage = folderStorage(root);
const vault = openVault({ storage, recipients: [], identities: [] });
const now = new Date('2026-11-21T12:00:00Z');
const dayMs = 86_400_000;

/** A base of so many days ago; a file of the log a day. */
async function base(daysAgo: number): Promise<void> {
  const at = new Date(now.getTime() - daysAgo * dayMs).toISOString();
  await writeEntry(storage, {
    format: 1,
    id: `${at.replaceAll(/[-:]|\.\d+/g, '')}-base-00000${daysAgo % 10}`,
    kind: 'base',
    startedAt: at,
    finishedAt: at,
    serverVersion: 180_004,
    systemIdentifier: '7710338095299045802',
    recipients: [],
    artifacts: {},
    timeline: 1,
    startLsn: lsnOf(daysAgo, 0x28),
    endLsn: lsnOf(daysAgo, 0x100),
  });
}

const lsnOf = (daysAgo: number, offset: number): string =>
  `0/${((100 - daysAgo) * 0x1000000 + offset).toString(16).toUpperCase()}`;

async function point(daysAgo: number, timeline = 1, changedDaysAgo = daysAgo): Promise<string> {
  const key = await storePoint(vault, {
    format: 1,
    takenAt: now.toISOString(),
    systemIdentifier: '7710338095299045802',
    timeline,
    database: 'stoa',
    lsn: lsnOf(daysAgo, 0x200),
    tables: {},
    security: {},
    extensions: {},
  });
  const changed = new Date(now.getTime() - changedDaysAgo * dayMs);
  for await (const info of storage.list(key)) utimesSync(join(root, info.key), changed, changed);
  return key;
}

test('what drills look for goes with the backup that led there, and not before', async () => {
  await base(60);
  const lost = await point(60);
  for (const daysAgo of [45, 3, 1]) await base(daysAgo);
  const kept = [await point(45), await point(3), await point(1)];
  const ofAnotherTimeline = await point(20, 2);
  const justNoted = await point(0, 3);
  const objects = async (): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of storage.list('drill-points/')) keys.push(key);
    return keys.sort();
  };
  const before = await objects();
  expect((await prune({ vault, now, isDryRun: true })).removedPoints.toSorted()).toEqual(
    [lost, ofAnotherTimeline].sort(),
  );
  expect(await objects()).toEqual(before);
  const result = await prune({ vault, now });
  expect(result.removed).toHaveLength(1);
  expect(result.removedPoints.toSorted()).toEqual([lost, ofAnotherTimeline].sort());
  expect(await listPoints(vault, 1)).toEqual(kept.sort());
  expect(await listPoints(vault, 2)).toEqual([]);
  expect(await listPoints(vault, 3)).toEqual([justNoted]);
  expect(await objects()).toHaveLength(before.length - 4);
  expect((await prune({ vault, now })).removedPoints).toEqual([]);
});
