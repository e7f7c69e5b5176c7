import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBaseBackup } from '../../../src/backup/base/create.ts';
import { newestMigration } from '../../../src/backup/base/record.ts';
import { chooseDrill } from '../../../src/backup/drill/choose.ts';
import { runDrill } from '../../../src/backup/drill/drill.ts';
import { notePoint } from '../../../src/backup/drill/note.ts';
import type { DrillReport } from '../../../src/backup/drill/report.ts';
import { restoreInto } from '../../../src/backup/drill/restorer.ts';
import { startReceiver } from '../../../src/backup/wal/receiver.ts';
import { findWal, listWal, removeWal } from '../../../src/backup/wal-archive.ts';
import { loadDemo } from '../../../src/demo/index.ts';
import { migrateUp } from '../../../src/migrate/index.ts';
import { connect, withDatabase } from '../../../src/postgres/connect.ts';
import { prepareDatabase } from '../../../src/postgres/prepare.ts';
import { newFolder, openTestVault, stopAll, TestServer } from '../wal/scene.ts';

const { folder, remove } = newFolder();
const server = new TestServer(folder, 'community');
const vault = openTestVault(join(folder, 'storage'));

beforeAll(async () => {
  server.initialise();
  await server.start();
  await prepareDatabase(server.url, 'stoa');
  const databaseUrl = withDatabase(server.url, 'stoa');
  await migrateUp({ databaseUrl });
  await loadDemo({
    databaseUrl,
    password: 'x',
    argon2: { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 },
  });
  const receiver = startReceiver({
    url: server.url,
    slot: 'community',
    spoolFolder: join(folder, 'spool'),
    vault,
    partialEveryMs: 500,
    spoolLimit: 1024 ** 3,
    stopPatienceMs: 5_000,
  });
  const migration = await newestMigration(databaseUrl);
  await createBaseBackup({ url: server.url, vault, ...(migration === undefined ? {} : { migration }) });
  const client = await connect(databaseUrl, 'load');
  await client.query('insert into ops.heartbeat (beat_at) values (now())');
  await client.query('select pg_switch_wal()');
  await client.query(
    `update core.users set updated_at = now() where id = (select id from core.users limit 1)`,
  );
  expect(await notePoint({ adminUrl: databaseUrl }, vault, (reason) => expect.fail(reason))).toBeDefined();
  await client.query('delete from ops.heartbeat');
  await client.end();
  await receiver.stop();
});
afterAll(async () => {
  await stopAll();
  server.remove();
  remove();
});

async function drill(to: 'point' | 'latest'): Promise<DrillReport> {
  return runDrill({
    vault,
    choice: await chooseDrill(vault, { backup: 'newest', to, now: new Date(), chance: 0.5 }),
    restoreInto,
    database: 'stoa',
    stoaVersion: '0.1.0',
    freshnessSeconds: 600,
    isDeep: false,
    parentFolder: folder,
  });
}

describe('a backup of a community', () => {
  test('is proved by a drill, every check of which had something to look at', async () => {
    const report = await drill('point');
    expect(report.failure).toBeNull();
    expect(report.checks.filter(({ state }) => state !== 'passed')).toEqual([]);
    expect(report.checks).toHaveLength(11);
    expect(report.verdict).toBe('passed');
    if (process.env['STOA_SHOW_REPORT']) console.log(JSON.stringify(report, undefined, 1));
  });

  test('is proved to its last moment too, where the heartbeat is gone', async () => {
    const report = await drill('latest');
    expect(report.verdict).toBe('passed');
    expect(report.checks.filter(({ state }) => state === 'skipped').map(({ name }) => name)).toEqual([
      'security',
      'contents',
      'freshness',
    ]);
  });

  test('is no proof of anything once a segment of its log is gone', async () => {
    const last = (await listWal(vault)).filter((name) => !name.endsWith('.partial')).at(-1) ?? '';
    const wal = await findWal(vault, last);
    if (wal === undefined) throw new Error('it is there');
    await removeWal(vault, wal);
    const report = await drill('point');
    expect(report.verdict).toBe('failed');
    expect(report.failure).not.toBeNull();
  });
});
