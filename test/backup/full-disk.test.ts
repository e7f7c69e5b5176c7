import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createBaseBackup } from '../../src/backup/base/create.ts';
import { listBackups, listUnfinished } from '../../src/backup/catalog.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import { openVault } from '../../src/backup/vault.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { startSource } from './source.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-full-'));
const disk = join(root, 'disk');
spawnSync('mkdir', [disk]);
// Only root may make a disk of two megabytes.
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]).status === 0;
const source = await startSource(18);
afterAll(async () => {
  await source.remove();
  if (isMounted) spawnSync('umount', [disk]);
  rmSync(root, { recursive: true, force: true });
});

test.skipIf(!isMounted)('a disk that is full is told, and nothing looks like a backup', async () => {
  const storage = folderStorage(join(disk, 'backups'));
  const vault = openVault({ storage, recipients: [], identities: [] });
  await expect(createBaseBackup({ url: source.url, vault })).rejects.toMatchObject({ code: 'storage.full' });
  expect(await listBackups(storage)).toEqual([]);
  expect(await listUnfinished(storage)).toEqual([]);
  expect(readdirSync(join(disk, 'backups', '.unfinished'))).toEqual([]);
});

test.skipIf(!isMounted)('a restore onto a full disk is told, and nothing starts from it', async () => {
  const vault = openVault({ storage: folderStorage(join(root, 'backups')), recipients: [], identities: [] });
  await createBaseBackup({ url: source.url, vault });
  spawnSync('chmod', ['755', root]);
  const into = join(disk, 'restored');
  await expect(
    restore({ vault, into, target: { kind: 'latest' }, postgresPort: 1, afterRecovery: [] }),
  ).rejects.toMatchObject({ code: 'restore.disk_full' });
  expect(readdirSync(into).sort()).toEqual(['logs', 'restoring.json']);
});
