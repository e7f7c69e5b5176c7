import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createBaseBackup, createIncrement } from '../../src/backup/base/create.ts';
import { findParent } from '../../src/backup/increment/parent.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import { nameTarget } from '../../src/backup/restore/target.ts';
import { openVault } from '../../src/backup/vault.ts';
import { findRunAs } from '../../src/postgres/run-as.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { archiveFinished, contentThrough, fillSource, startSource, systemIdentifierOf } from './source.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-base15-'));
// Whoever runs the servers has to pass through.
chmodSync(root, 0o755);
const source = await startSource(15);
const runAs = findRunAs();
const tables = join(root, 'tables');
afterAll(async () => {
  await source.remove();
  rmSync(root, { recursive: true, force: true });
});

test('a server of the oldest major is backed up, and restored to a point with its own binaries', async () => {
  await fillSource(source);
  mkdirSync(tables);
  if (runAs) chownSync(tables, runAs.uid, runAs.gid);
  await source.sql(`create tablespace outside location '${tables}'`);
  await source.sql('set allow_in_place_tablespaces = on');
  await source.sql(`create tablespace inside location ''`);
  await source.sql('create table far tablespace outside as select n from generate_series(1, 5000) as n');
  await source.sql('create table near tablespace inside as select n from generate_series(1, 5000) as n');
  const vault = openVault({ storage: folderStorage(join(root, 'backups')), recipients: [], identities: [] });
  const base = await createBaseBackup({ url: source.url, vault, hasIndex: true });
  const { parent } = await findParent(vault, base);
  if (parent === undefined) throw new Error('there is no parent');
  const entry = await createIncrement({ url: source.url, vault }, parent);
  expect(entry.tablespaces).toMatchObject([{ location: tables }]);
  expect(Math.floor(entry.serverVersion / 10_000)).toBe(15);
  expect(entry.systemIdentifier).toBe(await systemIdentifierOf(source));
  await source.sql("update accounts set note = 'after the backup' where id % 2 = 0");
  const before = await source.read();
  await source.sql("select pg_create_restore_point('here')");
  await source.sql('delete from accounts');
  await archiveFinished(source, vault, entry.systemIdentifier);
  await source.kill();
  // Where it was is free, as on another machine, and it goes there.
  rmSync(tables, { recursive: true });

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
  expect(result.tablespaces).toMatchObject([{ location: tables, folder: tables }]);
});
