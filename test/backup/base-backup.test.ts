import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, describe, expect, test } from 'vitest';
import { createBaseBackup } from '../../src/backup/base/create.ts';
import { compareFiles, parseManifest } from '../../src/backup/base/manifest.ts';
import { TarReader } from '../../src/backup/base/tar.ts';
import { listBackups, listUnfinished, readEntry } from '../../src/backup/catalog.ts';
import { startBaseBackup } from '../../src/backup/replication/base-backup.ts';
import { connectReplication, identifySystem } from '../../src/backup/replication/connection.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import { openVault } from '../../src/backup/vault.ts';
import { loadConfig } from '../../src/config.ts';
import { findBinaries } from '../../src/postgres/binaries.ts';
import { connect } from '../../src/postgres/connect.ts';
import { openDatabase } from '../../src/postgres/database.ts';
import { ensureRoles } from '../../src/postgres/roles.ts';
import { findRunAs } from '../../src/postgres/run-as.ts';
import { reachableBinaries } from '../../src/postgres/staging.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import type { Storage } from '../../src/storage/storage.ts';
import {
  contentAfterRecovery,
  contentOf,
  fillSource,
  onlyArchive,
  startSource,
  systemIdentifierOf,
} from './source.ts';

const source = await startSource(18);
const root = mkdtempSync(join(tmpdir(), 'stoa-base-'));
afterAll(async () => {
  await source.remove();
  rmSync(root, { recursive: true, force: true });
});
await fillSource(source);
const preparing = await connect(source.url, 'test');
await ensureRoles(preparing);
await preparing.end();

const runAs = findRunAs();
const binaries = reachableBinaries(findBinaries(), runAs);
const hasZstd = spawnSync('zstd', ['--version']).status === 0;
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const newFolder = (): string => join(root, randomUUID());
const vaultIn = (folder: string) =>
  openVault({ storage: folderStorage(folder), recipients: [recipient], identities: [identity] });

async function expectNothing(folder: string, storage: Storage): Promise<void> {
  expect(await listBackups(storage)).toEqual([]);
  expect(await listUnfinished(storage)).toEqual([]);
  const unfinished = join(folder, '.unfinished');
  expect(existsSync(unfinished) ? readdirSync(unfinished) : []).toEqual([]);
}

describe('a base backup', () => {
  test('restores to what the database held, and its folder starts like any other', async () => {
    const vault = vaultIn(newFolder());
    const before = await contentOf(source.url);
    const progress: number[] = [];
    const secretKey = randomBytes(32).toString('base64');
    const entry = await createBaseBackup({
      url: source.url,
      vault,
      label: 'before the release',
      secrets: Buffer.from(JSON.stringify({ secretKey })),
      onProgress: (bytes) => progress.push(bytes),
    });
    expect(entry).toMatchObject({
      kind: 'base',
      label: 'before the release',
      systemIdentifier: await systemIdentifierOf(source),
      recipients: [recipient],
      walSegmentSize: 16 * 1024 * 1024,
    });
    expect(progress.at(-1)).toBe(entry.artifacts['base.tar']?.size);
    expect(await listBackups(vault.storage)).toEqual([entry.id]);
    await source.sql('update accounts set balance = 0');

    const into = newFolder();
    const seen: string[] = [];
    let known = 0;
    const result = await restore({
      vault,
      into,
      target: { kind: 'latest' },
      postgresPort: 1,
      durable: false,
      afterRecovery: [
        {
          name: 'look',
          async run(client) {
            const { rows } = await client.query<{ name: string }>(
              "select rolname as name from pg_roles where rolname ~ '^stoa_' and rolcanlogin",
            );
            seen.push(...rows.map(({ name }) => name));
            const all = await client.query("select from pg_roles where rolname ~ '^stoa_'");
            known = all.rowCount ?? 0;
          },
        },
      ],
    });
    expect(result).toMatchObject({ backup: entry.id, timeline: 2, walFiles: 0, hooks: ['look'] });
    expect(existsSync(join(into, 'restoring.json'))).toBe(false);
    // No login of Stoa could get in while the hook ran; it does now, with its new password.
    expect(known).toBeGreaterThan(6);
    expect(seen).toEqual([]);

    const config = await loadConfig({ cwd: root, env: { STOA_DATA_DIR: into } });
    const database = await openDatabase(config, { command: 'test' });
    try {
      expect(database.server?.isNew).toBe(false);
      const at = new URL(database.config.adminUrl);
      at.pathname = '/postgres';
      expect(await contentOf(at.href)).toEqual(before);
      const worker = await connect(database.config.workerUrl, 'test');
      await worker.end();
    } finally {
      await database.close();
    }
    expect(JSON.parse(readFileSync(join(into, 'secrets.json'), 'utf8'))).toMatchObject({ secretKey });
  });

  test('is not restored over anything, and a restore that was cut off is not started from', async () => {
    const vault = vaultIn(newFolder());
    await createBaseBackup({ url: source.url, vault });
    const options = { vault, target: { kind: 'latest' }, postgresPort: 1, durable: false } as const;
    await expect(restore({ ...options, into: root, afterRecovery: [] })).rejects.toMatchObject({
      code: 'restore.not_empty',
    });
    const into = newFolder();
    const failing = {
      name: 'fails',
      run: () => Promise.reject(new Error('the ledger cannot be read')),
    };
    await expect(restore({ ...options, into, afterRecovery: [failing] })).rejects.toMatchObject({
      code: 'restore.hook_failed',
    });
    const config = await loadConfig({ cwd: root, env: { STOA_DATA_DIR: into } });
    await expect(openDatabase(config, { command: 'test' })).rejects.toMatchObject({
      code: 'cluster.restore_unfinished',
    });
  });

  test('a slow storage holds the server back, and every byte still arrives as it was read', async () => {
    const client = await connectReplication(source.url, 'test');
    try {
      const backup = startBaseBackup(client, { label: 'slow' });
      const reader = new TarReader();
      const files = new Map<string, { size: number; sha256: string }>();
      let hash = createHash('sha256');
      for await (const block of await onlyArchive(backup)) {
        // Turns in between: whatever refers to the parser's buffer has been overwritten by now.
        for (let n = 0; n < 3; n += 1) await turn();
        for (const event of reader.feed(block)) {
          if (event.kind === 'begin') hash = createHash('sha256');
          else if (event.kind === 'data') hash.update(event.bytes);
          else if (event.entry.kind === 'file') {
            files.set(event.entry.path, { size: event.entry.size, sha256: hash.digest('hex') });
          }
        }
      }
      reader.end();
      const { manifest } = await backup.ended;
      const total = [...files.values()].reduce((sum, { size }) => sum + size, 0);
      expect(total).toBeGreaterThan(20 * 1024 * 1024);
      expect(compareFiles(parseManifest(manifest), files)).toEqual([]);
    } finally {
      await client.end();
    }
  });

  test('what nobody reads any more ends, instead of waiting for ever', async () => {
    const client = await connectReplication(source.url, 'test');
    const backup = startBaseBackup(client, { label: 'left' });
    await backup.started;
    backup.archives.destroy();
    await expect(backup.ended).rejects.toThrow('given up');
    await client.end().catch(() => {});
  });

  test('an error of the server reaches whoever waits', async () => {
    const client = await connectReplication(source.url, 'test');
    try {
      const backup = startBaseBackup(client, { label: 'too slow', maxRate: 1 });
      await expect(backup.started).rejects.toMatchObject({ code: '22003' });
      await expect(backup.ended).rejects.toMatchObject({ code: '22003' });
      // The connection is good for the next command.
      expect((await identifySystem(client)).systemIdentifier).toBe(await systemIdentifierOf(source));
    } finally {
      await client.end();
    }
  });

  test('the identifier of a cluster keeps all its digits', async () => {
    const id = await systemIdentifierOf(source);
    expect(Number(id)).toBeGreaterThan(2 ** 53);
    const client = await connectReplication(source.url, 'test');
    const backup = startBaseBackup(client, { label: 'digits' });
    (await onlyArchive(backup)).resume();
    expect(parseManifest((await backup.ended).manifest).systemIdentifier).toBe(id);
    await client.end();
  });

  test('stopped by a signal it leaves nothing', async () => {
    const folder = newFolder();
    const vault = vaultIn(folder);
    const controller = new AbortController();
    const backup = createBaseBackup({
      url: source.url,
      vault,
      signal: controller.signal,
      onProgress: (bytes) => bytes > 1_000_000 && controller.abort(),
    });
    await expect(backup).rejects.toMatchObject({ code: 'backup.interrupted', exitCode: 130 });
    await expectNothing(folder, vault.storage);
  });

  test('a login that may not replicate is told so', async () => {
    await source.sql('create role nobody_special login');
    const url = new URL(source.url);
    url.username = 'nobody_special';
    await expect(createBaseBackup({ url: url.href, vault: vaultIn(newFolder()) })).rejects.toMatchObject({
      code: expect.stringMatching(/^(backup\.may_not_replicate|database\.login_refused)$/),
    });
    await source.sql('create role copies login replication');
    url.username = 'copies';
    const entry = await createBaseBackup({ url: url.href, vault: vaultIn(newFolder()) });
    expect(entry.kind).toBe('base');
  });

  test('a damaged page of the source is found and named, and the backup does not count', async () => {
    await source.sql(
      'create table damaged as select n, repeat(md5(n::text), 20) as text from generate_series(1, 200) as n',
    );
    await source.sql('checkpoint');
    const [row] = await source.sql<{ path: string }>("select pg_relation_filepath('damaged') as path");
    const file = openSync(join(source.data, row?.path ?? ''), 'r+');
    writeSync(file, Buffer.from('something else'), 0, 14, 8192 + 4000);
    const folder = newFolder();
    const vault = vaultIn(folder);
    await expect(createBaseBackup({ url: source.url, vault })).rejects.toMatchObject({
      code: 'backup.source_corrupted',
      message: expect.stringContaining(row?.path ?? '?'),
    });
    await expectNothing(folder, vault.storage);
    await source.sql('drop table damaged');
  });

  test.skipIf(!hasZstd)('opens with age, zstd and tar alone, and starts by itself', async () => {
    const folder = newFolder();
    const vault = vaultIn(folder);
    const entry = await createBaseBackup({ url: source.url, vault });
    const before = await source.read();
    const location = { folder: newFolder(), binaries, runAs };
    const data = join(location.folder, 'data');
    mkdirSync(data, { recursive: true });
    // The library of the format stands for the program "age", which a machine may not have.
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const sealed = readFileSync(join(folder, entry.artifacts['base.tar']?.key ?? ''));
    execFileSync(
      'sh',
      ['-c', 'zstd -dc | tar -x -C "$1" && chmod 700 "$1" && touch "$1/recovery.signal"', 'sh', data],
      {
        input: await decrypter.decrypt(sealed),
      },
    );
    if (runAs) execFileSync('chown', ['-R', `${runAs.uid}:${runAs.gid}`, root]);
    chmodSync(root, 0o755);
    expect(await contentAfterRecovery(location)).toEqual(before);
  });

  test('an entry that names what is not there is refused as such', async () => {
    const vault = vaultIn(newFolder());
    await expect(readEntry(vault.storage, '20261121T030000Z-base-000000')).rejects.toMatchObject({
      code: 'backup.unknown',
    });
  });

  test('the server killed in the middle: an error, and nothing that looks like a backup', async () => {
    const folder = newFolder();
    const vault = vaultIn(folder);
    let isKilled = false;
    const backup = createBaseBackup({
      url: source.url,
      vault,
      rate: 10,
      onProgress: () => {
        if (!isKilled) process.kill(source.cluster.pid, 'SIGQUIT');
        isKilled = true;
      },
    });
    await expect(backup).rejects.toMatchObject({
      code: expect.stringMatching(/^backup\.server_(lost|refused)$/),
    });
    await expectNothing(folder, vault.storage);
  });
});
