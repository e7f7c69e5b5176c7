import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createBaseBackup } from '../../src/backup/base/create.ts';
import { listBackups, readEntry, writeEntry } from '../../src/backup/catalog.ts';
import { listPoints } from '../../src/backup/drill/point.ts';
import { newKeyPair } from '../../src/backup/keys/pair.ts';
import { openVault } from '../../src/backup/vault.ts';
import { verifyBackup } from '../../src/backup/verify.ts';
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

async function runHourly(
  settings: Readonly<Record<string, string>>,
  task = 'backup_increment',
): Promise<void> {
  const config = await configOf(db, {
    STOA_DATA_DIR: root,
    STOA_BACKUP_STORAGE: join(root, 'backups'),
    ...settings,
  });
  await runJob(config, task);
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
  expect(await listBackups(storage)).toHaveLength(1);
  expect(await jobRuns()).toEqual([]);
});

test('the hourly increment is laid over the newest backup; a new timeline begins with a whole one', async () => {
  const [base = ''] = await listBackups(storage);
  await runHourly(replicating);
  const [, first = ''] = await listBackups(storage);
  expect(await readEntry(storage, first)).toMatchObject({ kind: 'increment', parent: base, label: 'hourly' });
  expect(await jobRuns()).toEqual([{ status: 'ok', detail: { made: first, parent: base, reason: '' } }]);
  const { rows } = await db.query(
    'select kind, status, location, sha256 is not null as "hasDigest" from ops.backup_runs',
  );
  expect(rows).toEqual([{ kind: 'increment', status: 'ok', location: `backups/${first}`, hasDigest: true }]);
  const figures = await db.query(
    "select label from ops.backup_figures() where figure = 'backup_age_seconds'",
  );
  expect(figures.rows).toEqual([{ label: 'increment' }]);
  // None was noted for half a day, so this increment may be where a drill begins.
  expect(await listPoints(vault, 1)).toHaveLength(1);

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

test('a chain that is as long as it may be ends with a base', async () => {
  const settings = { ...replicating, STOA_BACKUP_LONGEST_CHAIN: '1' };
  await runHourly(settings);
  expect((await jobRuns()).at(-1)).toMatchObject({ detail: { parent: expect.stringContaining('-base-') } });
  await runHourly(settings);
  expect((await jobRuns()).at(-1)).toMatchObject({
    status: 'ok',
    detail: {
      made: expect.stringContaining('-base-'),
      parent: null,
      reason: expect.stringMatching(/^a base is due: 1 of at most 1 increments are laid over .+-base-/),
    },
  });
});

describe('where only others can read what is stored', async () => {
  const key = await newKeyPair();
  const sealed = folderStorage(join(root, 'sealed'));
  const kept = join(root, 'block-index');
  const settings = {
    ...replicating,
    STOA_BACKUP_STORAGE: join(root, 'sealed'),
    STOA_BACKUP_RECIPIENTS: key.recipient,
  };
  const newest = async (): Promise<Record<string, unknown>> => (await jobRuns()).at(-1)?.detail ?? {};
  const whole = {
    made: expect.stringContaining('-base-'),
    reason: expect.stringContaining('no copy of them is kept here that is right'),
  };

  test('increments go on with the hashes that are kept here, under a key of this installation', async () => {
    await runHourly(settings, 'backup_base');
    const [base = ''] = await listBackups(sealed);
    await runHourly(settings);
    const { made } = await newest();
    expect(await newest()).toMatchObject({ made: expect.stringContaining('-increment-'), parent: base });
    await runHourly(settings);
    expect(await newest()).toMatchObject({ made: expect.stringContaining('-increment-'), parent: made });
    const reader = openVault({ storage: sealed, recipients: [key.recipient], identities: [key.identity] });
    const verified = await verifyBackup({
      vault: reader,
      id: String((await newest())['made']),
      isDeep: true,
    });
    expect(verified.faults).toEqual([]);

    const files = readdirSync(kept);
    expect(files).toHaveLength(3);
    for (const file of files) {
      expect(statSync(join(kept, file)).mode & 0o777).toBe(0o600);
      // Names of files are as little to be seen as hashes.
      expect(readFileSync(join(kept, file)).includes('PG_VERSION')).toBe(false);
    }
  });

  test.each([
    ['gone', (path: string) => rmSync(path)],
    [
      'damaged',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes.writeUInt8(bytes.readUInt8(5_000) ^ 1, 5_000);
        writeFileSync(path, bytes);
      },
    ],
  ])('it is a whole backup when they are %s, and an increment the next time', async (_, spoil) => {
    for (const file of readdirSync(kept)) spoil(join(kept, file));
    await runHourly(settings);
    expect(await newest()).toMatchObject(whole);
    const { made } = await newest();
    await runHourly(settings);
    expect(await newest()).toMatchObject({ parent: made });
  });

  test('nothing is taken hour by hour where they cannot be kept', async () => {
    const before = await listBackups(sealed);
    await runHourly({ ...settings, STOA_BACKUP_BLOCK_INDEX: join(root, 'secrets.json') });
    expect(await listBackups(sealed)).toEqual(before);
  });
});
