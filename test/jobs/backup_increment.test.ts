import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createBaseBackup } from '../../src/backup/base/create.ts';
import { listBackups, readEntry, writeEntry } from '../../src/backup/catalog.ts';
import { openVault } from '../../src/backup/vault.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { startSource } from '../backup/source.ts';
import { testDatabase } from '../harness/index.ts';
import { configOf, runJob } from './queue.ts';

const db = await testDatabase();
// A small cluster, because that of the tests holds what all of them need.
const source = await startSource(18);
const root = mkdtempSync(join(tmpdir(), 'stoa-hourly-'));
afterAll(async () => {
  await source.remove();
  rmSync(root, { recursive: true });
});
const storage = folderStorage(join(root, 'backups'));
const vault = openVault({ storage, recipients: [], identities: [] });

async function runHourly(settings: Readonly<Record<string, string>>): Promise<void> {
  const config = await configOf(db, {
    STOA_DATA_DIR: root,
    STOA_BACKUP_STORAGE: join(root, 'backups'),
    ...settings,
  });
  await runJob(config, 'backup_increment');
}

const jobRuns = async () =>
  (await db.query("select status, detail from ops.job_runs where task = 'backup_increment' order by id"))
    .rows;

const replicating = { STOA_BACKUP_URL: source.url };

test('the hourly increment does nothing before the first backup, where nobody may replicate, or switched off', async () => {
  await runHourly(replicating);
  await createBaseBackup({ url: source.url, vault, hasIndex: true });
  await runHourly({});
  await runHourly({ ...replicating, STOA_BACKUP_DAILY: 'false' });
  await runHourly({ ...replicating, STOA_BACKUP_INCREMENTS: 'false' });
  // Of which this machine could read nothing again.
  const recipient = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj';
  await runHourly({ ...replicating, STOA_BACKUP_RECIPIENTS: recipient });
  expect(await listBackups(storage)).toHaveLength(1);
  expect(await jobRuns()).toEqual([]);
});

test('the hourly increment is laid over the newest backup; a new timeline begins with a whole one', async () => {
  const [base = ''] = await listBackups(storage);
  await runHourly(replicating);
  const [, first = ''] = await listBackups(storage);
  expect(await readEntry(storage, first)).toMatchObject({ kind: 'increment', parent: base, label: 'hourly' });
  expect(await jobRuns()).toEqual([{ status: 'ok', detail: { made: first, parent: base, reason: '' } }]);

  for (const id of [base, first]) {
    const entry = await readEntry(storage, id);
    if (entry.kind !== 'logical') await writeEntry(storage, { ...entry, timeline: 7 });
  }
  await runHourly(replicating);
  const whole = (await listBackups(storage)).find((id) => id !== base && id !== first) ?? '';
  const entry = await readEntry(storage, whole);
  expect(entry).toMatchObject({ kind: 'base', timeline: 1 });
  expect(entry.artifacts['blocks.index']).toBeDefined();
  expect((await jobRuns()).at(-1)).toEqual({
    status: 'ok',
    detail: { made: whole, parent: null, reason: 'there is no backup of timeline 1' },
  });
});
