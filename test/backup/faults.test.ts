import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createBaseBackup } from '../../src/backup/base/create.ts';
import { listBackups, listUnfinished } from '../../src/backup/catalog.ts';
import { newKeyPair } from '../../src/backup/keys/pair.ts';
import { prune } from '../../src/backup/prune.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import { readBackupStatus } from '../../src/backup/status.ts';
import { openVault, type Vault } from '../../src/backup/vault.ts';
import { verifyBackup } from '../../src/backup/verify.ts';
import { listWal } from '../../src/backup/wal-archive.ts';
import { s3Storage } from '../../src/storage/s3.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { type Fault, type Request, startFaultyS3 } from './faulty-s3.ts';
import { archiveFinished, startSource, systemIdentifierOf } from './source.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-faults-'));
const source = await startSource(18);
const s3 = await startFaultyS3('backups');
const key = await newKeyPair();
const other = await newKeyPair();
afterAll(async () => {
  await source.remove();
  await s3.close();
  rmSync(root, { recursive: true, force: true });
});
await source.sql(`
  create schema ops;
  create table ops.schema_migrations (version text, name text);
  create table accounts as select n as id from generate_series(1, 60000) as n;
  -- Digits of digests, which hardly compress: an upload has several parts.
  create table noise as
  select n, (select string_agg(sha256((n * 1000 + m)::text::bytea)::text, '') from generate_series(1, 60) as m) as text
  from generate_series(1, 1800) as n;
`);

const open = (endpoint: string, prefix: string): Storage =>
  s3Storage({
    bucket: 'backups',
    prefix,
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    attempts: 2,
    partBytes: 5 * 1024 * 1024,
  });
const vaultOf = (storage: Storage, identity = key.identity): Vault =>
  openVault({ storage, recipients: [key.recipient], identities: [identity] });

async function restored(vault: Vault): Promise<Record<string, string>> {
  const into = join(root, randomUUID());
  const content: Record<string, string> = {};
  await restore({
    vault,
    into,
    target: { kind: 'latest' },
    postgresPort: 1,
    durable: false,
    afterRecovery: [
      {
        name: 'look',
        async run(client) {
          const { rows } = await client.query<{ digest: string }>(
            'select count(*)::text as digest from accounts',
          );
          content['accounts'] = rows[0]?.digest ?? '';
        },
      },
    ],
  });
  rmSync(into, { recursive: true, force: true });
  return content;
}

beforeEach(() => s3.fail(() => undefined));

test('a bucket of a server that others wrote takes a backup and gives it back', async () => {
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: join(root, 's3rver'),
    configureBuckets: [{ name: 'backups', configs: [] }],
  });
  const { port } = await server.run();
  const storage = open(`http://127.0.0.1:${port}`, 'of/stoa');
  try {
    const vault = vaultOf(storage);
    const entry = await createBaseBackup({ url: source.url, vault });
    expect((await verifyBackup({ vault, id: entry.id, isDeep: true })).faults).toEqual([]);
    expect(await restored(vault)).toEqual({ accounts: '60000' });
  } finally {
    storage.close();
    await server.close();
  }
});

describe('while a backup is stored', () => {
  const isArchive = (request: Request): boolean => request.key.includes('base.tar');
  const stuck: readonly (readonly [string, (request: Request) => Fault | undefined, string])[] = [
    [
      'the service is overloaded',
      (r) => (isArchive(r) && r.part === 2 ? 'slow down' : undefined),
      'SlowDown',
    ],
    [
      'connections are reset in the middle of a part',
      (r) => (isArchive(r) && r.part === 1 ? 'reset' : undefined),
      'unreachable',
    ],
    ['the service is full', (r) => (isArchive(r) && r.part === 2 ? 'full' : undefined), 'HTTP 507'],
    [
      'the manifest cannot be stored',
      (r) => (r.key.includes('backup_manifest') ? 'slow down' : undefined),
      'SlowDown',
    ],
    [
      'the entry cannot be stored',
      (r) => (r.key.endsWith('backup.json') ? 'slow down' : undefined),
      'SlowDown',
    ],
  ];
  test.each(stuck)('%s: it is told, and nothing looks like a backup', async (_, fault, named) => {
    const storage = open(s3.endpoint, 'stuck');
    const vault = vaultOf(storage);
    s3.fail(fault);
    const failure = await createBaseBackup({ url: source.url, vault }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^storage\./) });
    expect(`${failure}`).toMatch(named === 'unreachable' ? /stuck/ : new RegExp(named));
    expect(await listBackups(storage)).toEqual([]);
    expect(await listUnfinished(storage)).toEqual([]);
    expect(s3.uploads.size).toBe(0);
    storage.close();
  });

  test('a service that stumbles once is tried again', async () => {
    const storage = open(s3.endpoint, 'stumbling');
    const seen = new Set<string>();
    s3.fail((request) => {
      const name = `${request.method} ${request.key} ${request.part}`;
      if (!isArchive(request) || seen.has(name)) return undefined;
      seen.add(name);
      return request.part === 1 ? 'reset' : 'slow down';
    });
    const vault = vaultOf(storage);
    const entry = await createBaseBackup({ url: source.url, vault });
    expect(seen.size).toBeGreaterThan(2);
    s3.fail(() => undefined);
    await verifyBackup({ vault, id: entry.id, isDeep: true }).then(({ faults }) =>
      expect(faults).toEqual([]),
    );
    storage.close();
  });

  test('parts that nobody could take back are told, and removed later', async () => {
    const storage = open(s3.endpoint, 'left');
    const vault = vaultOf(storage);
    s3.fail((request) =>
      isArchive(request) && (request.part === 2 || request.method === 'DELETE') ? 'slow down' : undefined,
    );
    await expect(createBaseBackup({ url: source.url, vault })).rejects.toMatchObject({
      code: 'storage.unreachable',
    });
    s3.fail(() => undefined);
    expect(s3.uploads.size).toBe(1);
    const status = await readBackupStatus({ vault, place: 's3://backups', dataDir: root });
    expect(status).toMatchObject({ isGood: false, backups: 0, isOnSameDisk: false });
    expect(status.unfinished).toEqual([expect.stringContaining('parts of backups/')]);
    expect((await prune({ vault })).removedUnfinished).toEqual([]);
    expect((await prune({ vault, abandonedAfterMs: 0 })).removedUnfinished).toEqual(status.unfinished);
    expect(s3.uploads.size).toBe(0);
    storage.close();
  });
});

describe('while a backup is read', async () => {
  const storage = open(s3.endpoint, 'good');
  const vault = vaultOf(storage);

  const entry = await createBaseBackup({ url: source.url, vault });
  const systemIdentifier = await systemIdentifierOf(source);
  await archiveFinished(source, vault, systemIdentifier);
  const objects = [...s3.objects.keys()].filter((name) => name.startsWith('good/'));
  const artifacts = objects.filter((name) => name.endsWith('.age') && name.includes(entry.id));

  test('it is whole', async () => {
    expect(artifacts).toHaveLength(2);
    expect(await restored(vault)).toEqual({ accounts: '60000' });
  });

  const failing = (name: string, fault: Fault): void =>
    s3.fail(({ method, key: asked }) => (method === 'GET' && asked === name ? fault : undefined));

  test.each([
    ['flipped', 'backup.damaged'],
    ['cut short', 'storage.unreachable'],
  ] as const)('%s: no database comes of it, whichever object it is', async (fault, code) => {
    const wal = objects.filter((name) => name.includes('/wal/') && name.endsWith('.age')).slice(-1);
    expect(wal).toHaveLength(1);
    for (const name of [...artifacts, ...wal]) {
      failing(name, fault);
      await expect(restored(vault), name).rejects.toMatchObject({ code });
    }
  });

  test.each([
    ['flipped', 'backup.damaged'],
    ['half', 'backup.damaged'],
    ['cut short', 'storage.unreachable'],
    ['slow down', 'storage.unreachable'],
  ] as const)('%s: whoever verifies it is told, and damage is told from trouble', async (fault, code) => {
    for (const name of artifacts) {
      failing(name, fault);
      const verified = verifyBackup({ vault, id: entry.id });
      if (code === 'storage.unreachable') await expect(verified).rejects.toMatchObject({ code });
      else expect((await verified).faults, name).toEqual([expect.stringContaining('damaged')]);
    }
    s3.fail(() => undefined);
    expect((await verifyBackup({ vault, id: entry.id })).faults).toEqual([]);
  });

  test('with another key nothing is opened', async () => {
    const wrong = vaultOf(storage, other.identity);
    await expect(restored(wrong)).rejects.toMatchObject({ code: 'backup.no_key' });
    await expect(verifyBackup({ vault: wrong, id: entry.id, isDeep: true })).rejects.toMatchObject({
      code: 'backup.no_key',
    });
    // Whether it is what was written needs none.
    expect((await verifyBackup({ vault: wrong, id: entry.id })).faults).toEqual([]);
  });

  test('a list that comes late hides no file of the log', async () => {
    const names = await listWal(vault);
    const last = names.at(-1) ?? '';
    s3.fail(({ method, key: asked }) => (method === 'LIST' && asked.includes(last) ? 'unlisted' : undefined));
    expect(await listWal(vault)).not.toContain(last);
    const status = await readBackupStatus({ vault, place: 's3://backups', dataDir: root });
    expect(status.log?.newest).toBe(last);
    expect(status.warnings.join()).toContain('does not list');
  });

  test('what a lock protects stays, is told, and the rest goes on', async () => {
    const later = new Date(Date.now() + 40 * 86_400_000);
    // A newer one, so that the first may go.
    const newer = await createBaseBackup({ url: source.url, vault, now: later });
    expect(newer.id > entry.id).toBe(true);
    const evenLater = await createBaseBackup({
      url: source.url,
      vault,
      now: new Date(later.getTime() + 20 * 86_400_000),
    });
    const now = new Date(later.getTime() + 21 * 86_400_000);
    s3.fail(({ method, key: asked }) =>
      method === 'DELETE' && asked.includes(entry.id) ? 'locked' : undefined,
    );
    await verifyBackup({ vault, id: evenLater.id });
    const result = await prune({ vault, now });
    expect(result.removed).toEqual([]);
    expect(result.refused).toEqual([{ name: entry.id, reason: expect.stringContaining('AccessDenied') }]);
    expect(await listBackups(storage)).toContain(entry.id);
    expect((await verifyBackup({ vault, id: entry.id })).faults).toEqual([]);
    s3.fail(() => undefined);
    expect((await prune({ vault, now, isDryRun: true })).removed).toEqual([entry.id]);
    expect(await listBackups(storage)).toContain(entry.id);
    const done = await prune({ vault, now });
    expect(done.removed).toEqual([entry.id]);
    expect(done.removedWal.length).toBeGreaterThanOrEqual(0);
    expect([...s3.objects.keys()].filter((name) => name.includes(entry.id))).toEqual([]);
    await expect(prune({ vault, now: new Date(later.getTime() - 86_400_000) })).rejects.toMatchObject({
      code: 'backup.clock',
    });
  });
});
