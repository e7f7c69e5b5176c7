import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listBackups, readEntry } from '../../src/backup/catalog.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { startSource } from '../backup/source.ts';
import { testDatabase } from '../harness/index.ts';
import { configOf, runJob } from './queue.ts';

const db = await testDatabase();
// A small cluster, because that of the tests holds what all of them need.
const source = await startSource(18);
const root = mkdtempSync(join(tmpdir(), 'stoa-daily-'));
afterAll(async () => {
  await source.remove();
  rmSync(root, { recursive: true });
});

async function runDaily(settings: Readonly<Record<string, string>>): Promise<void> {
  const config = await configOf(db, {
    STOA_DATA_DIR: root,
    STOA_BACKUP_STORAGE: join(root, 'backups'),
    ...settings,
  });
  await runJob(config, 'backup_base');
}

const jobRuns = async () =>
  (await db.query("select status, detail from ops.job_runs where task = 'backup_base' order by id")).rows;

test('the daily backup does nothing where nobody may replicate, or it is switched off', async () => {
  await runDaily({});
  await runDaily({ STOA_BACKUP_URL: source.url, STOA_BACKUP_DAILY: 'false' });
  expect(await jobRuns()).toEqual([]);
});

test('the daily backup is taken, recorded with its digest, and said to be made', async () => {
  await runDaily({ STOA_BACKUP_URL: source.url });
  const storage = folderStorage(join(root, 'backups'));
  const [id] = await listBackups(storage);
  const entry = await readEntry(storage, id ?? '');
  const archive = entry.artifacts['base.tar'];
  expect(await jobRuns()).toEqual([
    { status: 'ok', detail: { made: id, removed: [], removedWal: 0, refused: 0 } },
  ]);
  const { rows } = await db.query(
    `select kind, status, location, encrypted, size_bytes::int as size, encode(sha256, 'hex') as sha256,
       wal_start_lsn::text as "startLsn", wal_end_lsn::text as "endLsn",
       expires_at - finished_at = interval '30 days' as "isKeptLongEnough"
     from ops.backup_runs`,
  );
  expect(rows).toEqual([
    {
      kind: 'base',
      status: 'ok',
      location: `backups/${id}`,
      encrypted: false,
      size: Object.values(entry.artifacts).reduce((sum, { storedSize }) => sum + storedSize, 0),
      sha256: archive?.storedSha256,
      startLsn: 'startLsn' in entry ? entry.startLsn : '',
      endLsn: 'endLsn' in entry ? entry.endLsn : '',
      isKeptLongEnough: true,
    },
  ]);
});

test('one that fails is recorded as that', async () => {
  await source.cluster.stop('immediate');
  await runDaily({ STOA_BACKUP_URL: source.url });
  expect((await jobRuns()).at(-1)).toMatchObject({ status: 'failed' });
  const { rows } = await db.query('select status, error from ops.backup_runs order by id desc limit 1');
  expect(rows).toEqual([{ status: 'failed', error: expect.stringContaining('No PostgreSQL answers') }]);
});
