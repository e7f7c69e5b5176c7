import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createBaseBackup } from '../../src/backup/base/create.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import { nameTarget } from '../../src/backup/restore/target.ts';
import { openVault } from '../../src/backup/vault.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { archiveFinished, contentThrough, fillSource, startSource, systemIdentifierOf } from './source.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-base15-'));
const source = await startSource(15);
afterAll(async () => {
  await source.remove();
  rmSync(root, { recursive: true, force: true });
});

test('a server of the oldest major is backed up, and restored to a point with its own binaries', async () => {
  await fillSource(source);
  const vault = openVault({ storage: folderStorage(join(root, 'backups')), recipients: [], identities: [] });
  const entry = await createBaseBackup({ url: source.url, vault });
  expect(Math.floor(entry.serverVersion / 10_000)).toBe(15);
  expect(entry.systemIdentifier).toBe(await systemIdentifierOf(source));
  await source.sql("update accounts set note = 'after the backup' where id % 2 = 0");
  const before = await source.read();
  await source.sql("select pg_create_restore_point('here')");
  await source.sql('delete from accounts');
  await archiveFinished(source, vault, entry.systemIdentifier);

  let content: unknown;
  const result = await restore({
    vault,
    into: join(root, 'restored'),
    target: nameTarget('here'),
    postgresPort: 1,
    durable: false,
    afterRecovery: [
      {
        name: 'look',
        async run(client) {
          content = await contentThrough(client);
        },
      },
    ],
  });
  expect(result.timeline).toBe(2);
  expect(content).toEqual(before);
});
