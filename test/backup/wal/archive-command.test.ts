import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createBaseBackup } from '../../../src/backup/base/create.ts';
import { newKeyPair } from '../../../src/backup/keys/pair.ts';
import { restore } from '../../../src/backup/restore/restore.ts';
import { openVault } from '../../../src/backup/vault.ts';
import { listWal } from '../../../src/backup/wal-archive.ts';
import { canEnter, findRunAs } from '../../../src/postgres/run-as.ts';
import { folderStorage } from '../../../src/storage/folder.ts';
import { contentOf, contentThrough } from '../source.ts';
import { newFolder, stopAll, TestServer } from './scene.ts';

const program = fileURLToPath(new URL('../../../bin/stoa', import.meta.url));
const runAs = findRunAs();
// The server starts the command as its own user, who has to be able to read the program.
const canRun =
  runAs === undefined || [program, process.execPath].every((path) => canEnter(runAs, dirname(path)));

const { folder, remove } = newFolder();
const server = new TestServer(folder, 'pushing');
const place = join(folder, 'backups');
const key = await newKeyPair();
const vault = openVault({
  storage: folderStorage(place),
  recipients: [key.recipient],
  identities: [key.identity],
});
// Each file is a start of the program, which takes its time on a machine that is busy.
const patience = { timeout: 150_000, interval: 50 };

/** What the server says of its archive. */
async function archiver(): Promise<{ last: string; failed: number }> {
  const [row] = await server.query<{ last: string; failed: number }>(
    `select coalesce(last_archived_wal, '') as last, failed_count::int as failed from pg_stat_archiver`,
  );
  return row ?? { last: '', failed: 0 };
}

async function switched(): Promise<string> {
  const [row] = await server.query<{ name: string }>('select pg_walfile_name(pg_switch_wal()) as name');
  return row?.name ?? '';
}

beforeAll(async () => {
  mkdirSync(place);
  if (runAs) chownSync(place, runAs.uid, runAs.gid);
  server.initialise();
  await server.start({
    autovacuum: 'off',
    archive_mode: 'on',
    archive_command: [
      `STOA_BACKUP_STORAGE='${place}'`,
      `STOA_BACKUP_RECIPIENTS='${key.recipient}'`,
      `'${process.execPath}' '${program}' backup wal-push %p`,
    ].join(' '),
  });
});
afterAll(async () => {
  await stopAll();
  server.remove();
  remove();
});

test.runIf(canRun)(
  'a server that archives with the command comes back as it was, to what it archived last',
  async () => {
    await server.query('create schema ops');
    await server.query('create table ops.schema_migrations (version text, name text)');
    await server.query('create table kept as select n from generate_series(1, 1000) as n');
    // The folders that both write into belong to the user of the server, who is the first to.
    const first = await switched();
    await vi.waitUntil(async () => (await archiver()).last >= first, patience);
    const backup = await createBaseBackup({ url: server.url, vault });

    // While the storage is away the server keeps what it could not hand over, and tries again.
    const { failed } = await archiver();
    chmodSync(place, 0o000);
    await server.query('insert into kept select 2000');
    const held = await switched();
    await vi.waitUntil(async () => (await archiver()).failed > failed, patience);
    expect(await server.query(`select from pg_ls_waldir() where name = '${held}'`)).toHaveLength(1);
    chmodSync(place, 0o755);

    await server.query('insert into kept select 3000');
    const last = await switched();
    await vi.waitUntil(async () => (await archiver()).last >= last, patience);
    const before = await contentOf(server.url);
    expect(await listWal(vault)).toEqual(expect.arrayContaining([held, last]));
    // It is started in the folder of the data, and leaves nothing there.
    expect(existsSync(join(server.data, '.stoa'))).toBe(false);
    await server.die();

    const into = join(folder, 'restored');
    let after: Record<string, string> = {};
    const look = {
      name: 'look',
      run: async (client: Parameters<typeof contentThrough>[0]) => {
        after = await contentThrough(client);
      },
    };
    const result = await restore({
      vault,
      into,
      target: { kind: 'latest' },
      postgresPort: 1,
      durable: false,
      afterRecovery: [look],
    });
    expect(result).toMatchObject({ backup: backup.id, logFaults: [] });
    expect(after).toEqual(before);
  },
  240_000,
);
