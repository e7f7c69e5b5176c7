import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { createBaseBackup } from '../../src/backup/base/create.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import { lsnTarget, nameTarget, type RecoveryTarget, timeTarget } from '../../src/backup/restore/target.ts';
import { openVault, type Vault } from '../../src/backup/vault.ts';
import { archiveWal, findWal, listWal, removeWal } from '../../src/backup/wal-archive.ts';
import { readCoverage } from '../../src/backup/wal-coverage.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { archiveFiles, archiveFinished, startSource, systemIdentifierOf } from './source.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-pitr-'));
const source = await startSource(18);
afterAll(async () => {
  await source.remove();
  rmSync(root, { recursive: true, force: true });
});
const storage = folderStorage(join(root, 'backups'));
const vault = openVault({ storage, recipients: [], identities: [] });

async function restored(target: RecoveryTarget, from: Vault = vault) {
  const into = join(root, randomUUID());
  const rows: string[] = [];
  const look = {
    name: 'look',
    async run(client: Client) {
      const found = await client.query<{ said: string }>('select said from rows order by id');
      rows.push(...found.rows.map(({ said }) => said));
    },
  };
  try {
    const result = await restore({
      vault: from,
      into,
      target,
      postgresPort: 1,
      afterRecovery: [look],
      durable: false,
    });
    return { result, rows };
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}

const say = (said: string) => source.sql('insert into rows (said) values ($1)', [said]);
const single = async (text: string): Promise<string> =>
  String((await source.sql<{ it: string }>(text))[0]?.it);

// One life: a backup, then moments that are each wanted back, a mistake, more work, and a crash.
await source.sql('create schema ops');
await source.sql('create table ops.schema_migrations (version text, name text)');
await source.sql('create table rows (id int generated always as identity primary key, said text)');
await say('before the backup');
const backup = await createBaseBackup({ url: source.url, vault });
const systemIdentifier = await systemIdentifierOf(source);
await say('after it');
const time = await single('select clock_timestamp()::text as it');
await say('a moment later');
await source.sql("select pg_create_restore_point('release 12')");
await say('after the release');
const lsn = await single('select pg_current_wal_insert_lsn() as it');
await say('one too many');
await source.sql("delete from rows where said like '%backup%'");
await archiveFinished(source, vault, systemIdentifier);
for (let n = 0; n < 3; n += 1) {
  await say(`file ${n}`);
  await archiveFinished(source, vault, systemIdentifier);
}
// The base holds the first of them.
const whole = (await listWal(vault)).slice(1);
await say('acknowledged last');
const lastFile = await single('select pg_walfile_name(pg_current_wal_lsn()) as it');
await source.kill();
// What a receiver has of the file that was being written.
await archiveFiles(source, vault, systemIdentifier, (name) => name === lastFile, lastFile);
rmSync(source.data, { recursive: true, force: true });

const everything = [
  'after it',
  'a moment later',
  'after the release',
  'one too many',
  'file 0',
  'file 1',
  'file 2',
];

describe('a point in time', () => {
  test('given as a time, holds what was committed until then', async () => {
    const { rows, result } = await restored(timeTarget(time));
    expect(rows).toEqual(['before the backup', 'after it']);
    expect(result).toMatchObject({ backup: backup.id, timeline: 2 });
    expect(result.lastTransactionAt).not.toBeNull();
    expect(result.rpoMs).toBeLessThan(60_000);
  });

  test('given as the name of a restore point', async () => {
    expect((await restored(nameTarget('release 12'))).rows).toEqual([
      'before the backup',
      'after it',
      'a moment later',
    ]);
  });

  test('given as a position in the log', async () => {
    const { rows } = await restored(lsnTarget(lsn));
    // The first record at the position is the insertion of "one too many", whose commit comes after it.
    expect(rows).toEqual(['before the backup', 'after it', 'a moment later', 'after the release']);
  });

  test('given as the end of the backup', async () => {
    expect((await restored({ kind: 'backup' })).rows).toEqual(['before the backup']);
  });

  test('the latest: nothing that was acknowledged is lost, although server and data folder are gone', async () => {
    const { rows, result } = await restored({ kind: 'latest' });
    expect(rows).toEqual([...everything, 'acknowledged last']);
    expect(result.walFiles).toBe(whole.length + 1);
  });

  test('that the log does not reach is an error, and not the nearest there is', async () => {
    const tomorrow = timeTarget(new Date(Date.now() + 86_400_000).toISOString());
    for (const target of [tomorrow, nameTarget('release 13'), lsnTarget('F/0')]) {
      await expect(restored(target), target.kind).rejects.toMatchObject({
        code: 'restore.target_unreachable',
        exitCode: 6,
      });
    }
    await expect(restored(timeTarget('2001-01-01'))).rejects.toMatchObject({
      code: 'restore.before_backups',
    });
  });
});

/** The same storage with some keys out of sight: not listed, or not there at all. */
function hiding(isHidden: (key: string) => boolean, how: 'unlisted' | 'gone'): Vault {
  const hidden: Storage = {
    ...storage,
    async *list(prefix) {
      for await (const info of storage.list(prefix)) if (!isHidden(info.key)) yield info;
    },
    head: (key) => (how === 'gone' && isHidden(key) ? Promise.resolve(undefined) : storage.head(key)),
  };
  return openVault({ storage: hidden, recipients: [], identities: [] });
}

describe('a hole in the log', () => {
  const missing = whole[1] ?? '';

  test('is told before anything is begun, and what lies behind it is not reached', async () => {
    const broken = hiding((key) => key.includes(missing), 'gone');
    expect(await readCoverage(broken, backup)).toMatchObject({ gap: missing, files: whole.slice(0, 1) });
    const behind = await restored(lsnTarget('0/FFFFFF0'), broken).catch((error: unknown) => error);
    expect(behind).toMatchObject({ code: 'restore.log_gap', message: expect.stringContaining(missing) });
    // What lies before it is.
    expect((await restored(nameTarget('release 12'), broken)).rows).toHaveLength(3);
    const { rows, result } = await restored({ kind: 'latest' }, broken);
    expect(rows).toEqual(everything.slice(0, 4));
    expect(result.warnings.join()).toContain(missing);
  });

  test('that is only one of a list that came late is seen through, and told', async () => {
    const stale = hiding((key) => key.includes(missing) || key.includes(`${lastFile}.partial`), 'unlisted');
    const coverage = await readCoverage(stale, backup);
    expect(coverage.gap).toBeUndefined();
    expect(coverage.unlisted).toEqual([missing, `${lastFile}.partial`]);
    const { rows, result } = await restored({ kind: 'latest' }, stale);
    expect(rows.at(-1)).toBe('acknowledged last');
    expect(result.warnings.join()).toContain('did not list');
  });

  test('that was made by a file of another cluster is an error', async () => {
    const wal = await findWal(vault, missing);
    if (!wal) throw new Error('it is there');
    await archiveFilesAgain(missing, '7000000000000000001');
    await expect(restored({ kind: 'latest' })).rejects.toMatchObject({ code: 'restore.other_cluster' });
    await removeWal(vault, wal);
    await expect(restored(nameTarget('release 13'))).rejects.toMatchObject({
      code: 'restore.target_unreachable',
    });
  });
});

async function archiveFilesAgain(name: string, identifier: string): Promise<void> {
  const wal = await findWal(vault, name);
  if (!wal) throw new Error('it is there');
  await archiveWal(vault, name, await vault.read(wal.artifact), identifier);
}
