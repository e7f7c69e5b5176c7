import { spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createBaseBackup } from '../../../src/backup/base/create.ts';
import { recordedBackup } from '../../../src/backup/base/record.ts';
import type { PhysicalBackup } from '../../../src/backup/catalog.ts';
import { capturePoint, storePoint } from '../../../src/backup/drill/point.ts';
import { newKeyPair } from '../../../src/backup/keys/pair.ts';
import { openVault, type Vault } from '../../../src/backup/vault.ts';
import { main } from '../../../src/cli/main.ts';
import { exitCodes } from '../../../src/errors.ts';
import { connect, withDatabase } from '../../../src/postgres/connect.ts';
import { folderStorage } from '../../../src/storage/folder.ts';
import { testDatabase } from '../../harness/index.ts';
import { temporaryProject } from '../../harness/installation.ts';
import { configOf, runJob } from '../../jobs/queue.ts';
import { type Fault, type Request, startFaultyS3 } from '../faulty-s3.ts';
import { archiveFiles } from '../source.ts';
import { newFolder, stopAll, TestServer } from '../wal/scene.ts';

// The database that keeps what drills found; what is drilled has one of the same name, on a small server of its own.
const db = await testDatabase();
const project = await temporaryProject();
const { folder, remove } = newFolder();
const server = new TestServer(folder, 'sabotaged');
const key = await newKeyPair();
const other = await newKeyPair();
const disk = join(folder, 'small-disk');
mkdirSync(disk);
// Only root may make a disk of two megabytes.
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=755', 'tmpfs', disk]).status === 0;
const service = await startFaultyS3('backups');
afterAll(async () => {
  await stopAll();
  await service.close();
  if (isMounted) spawnSync('umount', [disk]);
  server.remove();
  remove();
});

const good = join(folder, 'good');
const vaultIn = (place: string): Vault =>
  openVault({ storage: folderStorage(place), recipients: [key.recipient], identities: [key.identity] });
const worker = db.urlFor('stoa_worker');
let backup: PhysicalBackup;
/** Of the log behind the backup; the noted point lies in the second. */
let segments: readonly string[] = [];
let pointKey = '';

async function inSource(...statements: readonly string[]): Promise<Record<string, string>> {
  const client = await connect(withDatabase(server.url, db.name), 'test');
  try {
    let last: Record<string, string> = {};
    for (const statement of statements)
      last = (await client.query<Record<string, string>>(statement)).rows[0] ?? {};
    return last;
  } finally {
    await client.end();
  }
}

const recordedBase = (vault: Vault): Promise<PhysicalBackup> =>
  recordedBackup(
    worker,
    (reason) => expect.fail(reason),
    'base',
    () => createBaseBackup({ url: server.url, vault }),
  );

beforeAll(async () => {
  server.initialise();
  await server.start({ autovacuum: 'off', wal_keep_size: '1GB' });
  await server.query(`create database "${db.name}"`);
  await inSource(
    'create table kept as select n from generate_series(1, 1000) as n',
    `create table quiet as select n, repeat('x', 300) as filler from generate_series(1, 100) as n`,
    'vacuum freeze quiet',
  );
  const vault = vaultIn(good);
  backup = await recordedBase(vault);
  const next = async (): Promise<string> =>
    (await inSource('insert into kept values (0)', 'select pg_walfile_name(pg_switch_wal()) as name'))[
      'name'
    ] ?? '';
  const first = await next();
  const point = await capturePoint({ url: withDatabase(server.url, db.name), tables: ['public.kept'] });
  pointKey = await storePoint(vault, point);
  segments = [first, await next(), await next()];
  await archiveFiles(server, vault, backup.systemIdentifier, (name) => name <= (segments.at(-1) ?? ''));
  for (const found of readdirSync(good, { recursive: true, withFileTypes: true })) {
    if (!found.isFile()) continue;
    const path = join(found.parentPath, found.name);
    const name = path.slice(good.length + 1);
    await fetch(`${service.endpoint}/backups/${name}`, { method: 'PUT', body: readFileSync(path) });
  }
});

interface Place {
  readonly storage: string;
  readonly env?: Readonly<Record<string, string>>;
}

let copies = 0;
/** The archive again, for somebody to spoil. */
function copied(): string {
  copies += 1;
  const copy = join(folder, `copy-${copies}`);
  cpSync(good, copy, { recursive: true });
  return copy;
}

/** The archive in a service that misbehaves. */
function served(isHit: (request: Request) => boolean, fault: Fault): () => Promise<Place> {
  return async () => {
    service.fail((request) => (isHit(request) ? fault : undefined));
    return {
      storage: `s3://backups?endpoint=${service.endpoint}&region=local`,
      env: { STOA_BACKUP_STORAGE_ACCESS_KEY_ID: 'x', STOA_BACKUP_STORAGE_SECRET_ACCESS_KEY: 'x' },
    };
  };
}

function flip(path: string, at?: number): void {
  const bytes = readFileSync(path);
  const place = at ?? bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
  writeFileSync(path, bytes);
}

function removeSegment(copy: string, number: number): void {
  for (const end of ['json', 'zst.age']) rmSync(join(copy, `${walKey(number)}.${end}`));
}

const entryOf = (): string => `backups/${backup.id}/backup.json`;
const archive = (): string => backup.artifacts['base.tar']?.key ?? '';
const walKey = (number: number): string => `wal/00000001/${segments[number]}`;

function spoiled(spoil: (copy: string) => void): () => Promise<Place> {
  return async () => {
    const storage = copied();
    spoil(storage);
    return { storage };
  };
}

type Run = (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<{ readonly code: unknown; readonly said: string }>;

const inProcessOfItsOwn: Run = async (args, env) => {
  const { code, stdout, stderr } = await project.run(args, env);
  return { code, said: stdout + stderr };
};

/** The same command line without the start of a process. */
const inThisProcess: Run = async (args, env) => {
  const before = process.exitCode;
  let said = '';
  const hear = (text: string | Uint8Array): boolean => {
    said += text.toString();
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(hear),
  );
  for (const [name, value] of Object.entries({ ...env, STOA_DATA_DIR: project.dataDir })) {
    vi.stubEnv(name, value);
  }
  try {
    process.exitCode = undefined;
    await main(args);
    return { code: process.exitCode ?? exitCodes.ok, said };
  } finally {
    process.exitCode = before;
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
};

/** `stoa drill` as an operator types it, and everything that it leaves behind. */
async function drill({ storage, env }: Place, args: readonly string[] = [], run = inThisProcess) {
  await db.query('delete from ops.alerts');
  await db.query('delete from ops.restore_tests');
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const { code, said } = await run(['drill', '--report', report, ...args], {
    STOA_DATABASE_URL: db.urlFor('stoa_migrator'),
    STOA_WORKER_URL: worker,
    STOA_BACKUP_STORAGE: storage,
    STOA_BACKUP_IDENTITY: key.identity,
    ...env,
  });
  const { rows } = await db.query<{ status: string; checks: { verdict: string; failure: string | null } }>(
    'select status, checks from ops.restore_tests',
  );
  const alerts = await db.query<{ level: string; text: string }>(
    `select level, detail::text as text from ops.alerts where name = 'restore_test_failed' and resolved_at is null`,
  );
  return {
    code,
    said,
    report: JSON.parse(readFileSync(report, 'utf8')).report,
    page: readFileSync(report.replace(/json$/, 'html'), 'utf8'),
    rows,
    alerts: alerts.rows,
  };
}

interface Sabotage {
  readonly what: string;
  bring(): Promise<Place>;
  /** What the report has to name. */
  named(): string;
  readonly args?: readonly string[];
}

const sabotages: readonly Sabotage[] = [
  {
    what: 'one byte of the backup is flipped',
    bring: spoiled((copy) => flip(join(copy, archive()))),
    named: archive,
  },
  {
    what: 'one byte of the log is flipped',
    bring: spoiled((copy) => flip(join(copy, `${walKey(1)}.zst.age`))),
    named: () => walKey(1),
  },
  {
    what: 'one byte of what was noted is flipped',
    bring: spoiled((copy) => flip(join(copy, `${pointKey}.zst.age`))),
    named: () => pointKey,
  },
  {
    what: 'one segment is removed, before the point',
    bring: spoiled((copy) => removeSegment(copy, 0)),
    named: () => `${segments[0]} is missing`,
  },
  {
    what: 'one segment is removed, and nobody asked for what is behind it',
    bring: spoiled((copy) => removeSegment(copy, 1)),
    named: () => `${segments[1]} is missing`,
    args: ['--to', 'latest'],
  },
  {
    what: 'one segment is removed, and the note of it stays',
    bring: spoiled((copy) => rmSync(join(copy, `${walKey(1)}.zst.age`))),
    named: () => walKey(1),
  },
  {
    what: 'one object is truncated',
    bring: spoiled((copy) => truncateSync(join(copy, archive()), 50_000)),
    named: archive,
  },
  {
    what: 'the entry of the backup is truncated',
    bring: spoiled((copy) => truncateSync(join(copy, entryOf()), 100)),
    named: () => backup.id,
  },
  {
    what: 'the note of a segment is truncated',
    bring: spoiled((copy) => truncateSync(join(copy, `${walKey(1)}.json`), 100)),
    named: () => walKey(1),
  },
  {
    what: 'the note of the point is truncated',
    bring: spoiled((copy) => truncateSync(join(copy, `${pointKey}.json`), 100)),
    named: () => pointKey,
  },
  {
    what: 'a list is stale, and does not have the newest of the log',
    bring: served((asked) => asked.method === 'LIST' && asked.key.startsWith(walKey(2)), 'unlisted'),
    named: () => `did not list ${segments[2]}`,
    args: ['--to', 'latest'],
  },
  {
    what: 'a list is stale, and does not have the newest backup',
    bring: served((asked) => asked.method === 'LIST' && asked.key === entryOf(), 'unlisted'),
    named: () => `does not list ${backup.id}`,
  },
  {
    what: 'a list is stale, and has what was removed',
    bring: served((asked) => asked.method !== 'LIST' && asked.key.startsWith(walKey(1)), 'gone'),
    named: () => `${segments[1]} of the log is listed and not there`,
  },
  {
    what: 'the key is another',
    bring: async () => ({ storage: good, env: { STOA_BACKUP_IDENTITY: other.identity } }),
    named: () => 'None of the private keys that are here opens',
  },
  {
    what: 'the storage answers 503',
    bring: served((asked) => asked.method === 'GET' && asked.key === archive(), 'slow down'),
    named: archive,
  },
  {
    what: 'the storage answers 503 before anything is chosen',
    bring: served((asked) => asked.key === entryOf(), 'slow down'),
    named: () => entryOf(),
  },
  {
    what: 'the storage resets the connection in the middle',
    bring: served((asked) => asked.method === 'GET' && asked.key === archive(), 'cut short'),
    named: archive,
  },
];

test('a backup that nobody has touched passes', async () => {
  const { code, report, rows, alerts, said } = await drill({ storage: good });
  expect(said).toContain('The backup can be restored.');
  expect(report).toMatchObject({ verdict: 'passed', failure: null, backup: backup.id });
  expect(code).toBe(exitCodes.ok);
  expect(rows).toMatchObject([{ status: 'ok', checks: { verdict: 'passed' } }]);
  expect(alerts).toEqual([]);
});

function expectLoud(found: Awaited<ReturnType<typeof drill>>, named: string): void {
  const { code, said, report, page, rows, alerts } = found;
  const words = [report.failure ?? '', ...report.checks.filter(isFailed).flatMap(findingsOf)].join('\n');
  expect(words).toContain(named);
  expect(said).toContain('The drill has FAILED.');
  expect(said).not.toContain('can be restored');
  expect(code).toBe(exitCodes.checkFailed);
  expect(report.verdict).toBe('failed');
  expect(page).toContain('<h1>Restore drill: FAILED</h1>');
  expect(rows).toMatchObject([{ status: 'failed', checks: { verdict: 'failed' } }]);
  expect(alerts).toMatchObject([{ level: 'critical' }]);
}

const isFailed = ({ state }: { state: string }): boolean => state === 'failed';
const findingsOf = ({ findings }: { findings: readonly string[] }): readonly string[] => findings;

describe('a drill fails, names what it is, records it and raises the alert, where', () => {
  test.each(sabotages.map((each) => [each.what, each] as const))(
    '%s',
    async (_what, { bring, named, args }) => {
      expectLoud(await drill(await bring(), args), named());
    },
  );

  test.skipIf(!isMounted)('the disk of the drill is full', async () => {
    expectLoud(await drill({ storage: good, env: { TMPDIR: disk } }), disk);
  });

  test('the backup is damaged, and it is a process of its own that says so', async () => {
    const place = await spoiled((copy) => truncateSync(join(copy, archive()), 50_000))();
    expectLoud(await drill(place, [], inProcessOfItsOwn), archive());
  });

  test('it is the job of each month that finds it', async () => {
    await db.query('delete from ops.alerts');
    await db.query('delete from ops.restore_tests');
    const settings = { STOA_BACKUP_STORAGE: good, STOA_BACKUP_IDENTITY: other.identity };
    await runJob(await configOf(db, { ...settings, STOA_DATA_DIR: project.dataDir }), 'restore_test');
    const { rows } = await db.query(
      `select test.status, run.location, (select level from ops.alerts where name = 'restore_test_failed') as level
       from ops.restore_tests as test join ops.backup_runs as run on run.id = test.backup_run_id`,
    );
    expect(rows).toEqual([{ status: 'failed', location: `backups/${backup.id}`, level: 'critical' }]);
  });

  test('the key is another, and nothing tells which backup it should have been', async () => {
    await db.query('delete from ops.restore_tests');
    await db.query('delete from ops.backup_runs');
    const place = { storage: good, env: { STOA_BACKUP_IDENTITY: other.identity } };
    expectLoud(await drill(place), pointKey);
    expect((await db.query('select backup_run_id from ops.restore_tests')).rows).toEqual([
      { backup_run_id: null },
    ]);
  });

  test('a page of the source is corrupt', async () => {
    const { path = '' } = await inSource(`select pg_relation_filepath('quiet') as path`);
    const file = join(server.data, path);
    await server.stop();
    // The first row claims to have two thousand columns, and the next writer of the page gives it a checksum that fits.
    const page = Buffer.alloc(8192);
    const handle = openSync(file, 'r+');
    readSync(handle, page, 0, page.length, 0);
    const row = page.readUInt32LE(24) & 0x7fff;
    page.writeUInt16LE((page.readUInt16LE(row + 18) & ~0x7ff) | 2000, row + 18);
    writeSync(handle, page, 0, page.length, 0);
    await server.start({ autovacuum: 'off' });
    await inSource(
      'set ignore_checksum_failure = on',
      `delete from quiet where ctid = '(0,5)'`,
      'checkpoint',
    );

    const sick = join(folder, 'sick');
    await recordedBase(vaultIn(sick));
    expectLoud(await drill({ storage: sick }), 'quiet: ');

    // One whose checksum does not fit is not even backed up.
    writeSync(handle, Buffer.from('something else'), 0, 14, 8192 + 4_000);
    closeSync(handle);
    await expect(createBaseBackup({ url: server.url, vault: vaultIn(sick) })).rejects.toMatchObject({
      code: 'backup.source_corrupted',
      message: expect.stringContaining(path),
    });
  });
});
