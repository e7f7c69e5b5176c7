import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type PhysicalBackup, writeEntry } from '../../../src/backup/catalog.ts';
import { chooseDrill } from '../../../src/backup/drill/choose.ts';
import { runDrill } from '../../../src/backup/drill/drill.ts';
import { judgeDrills } from '../../../src/backup/drill/overdue.ts';
import {
  capturePoint,
  type DrillPoint,
  listPoints,
  readPoint,
  storePoint,
} from '../../../src/backup/drill/point.ts';
import { recordDrill } from '../../../src/backup/drill/record.ts';
import {
  type DrillReport,
  drillKeyPem,
  drillReportShape,
  isReportGenuine,
  signReport,
} from '../../../src/backup/drill/report.ts';
import { reportPage } from '../../../src/backup/drill/report-page.ts';
import type { RestoreInto } from '../../../src/backup/drill/restored.ts';
import { startReceiver } from '../../../src/backup/wal/receiver.ts';
import { connect } from '../../../src/postgres/connect.ts';
import { findRunAs } from '../../../src/postgres/run-as.ts';
import { testDatabase } from '../../harness/index.ts';
import { newFolder, openTestVault, plainLog, stopAll, TestServer } from '../wal/scene.ts';

const { folder, remove } = newFolder();
const server = new TestServer(folder, 'drilled');
const vault = openTestVault(join(folder, 'storage'));
const copy = join(folder, 'copy');
let backup: PhysicalBackup;
let point: DrillPoint;

/** A backup of a server that stood still, its log from the archive: what a restore does, without its archive of files. */
function restoreCopy(of: string): RestoreInto {
  return async ({ folder: into, target }) => {
    const begun = Date.now();
    const plain = join(into, 'log');
    mkdirSync(into, { recursive: true, mode: 0o711 });
    await plainLog(vault, join(folder, 'spool'), plain);
    const recovering = new TestServer(folder, 'recovering');
    recovering.prepareRecovery(of, plain);
    const until: Readonly<Record<string, string>> =
      target.kind === 'lsn' ? { recovery_target_lsn: target.lsn } : {};
    try {
      await recovering.start({
        ...until,
        recovery_target_action: 'promote',
        restore_command: `cp "${plain}/%f" "%p"`,
      });
      await expect
        .poll(async () => (await recovering.query('select pg_is_in_recovery() as yes'))[0]?.['yes'])
        .toBe(false);
      await recovering.stop();
      const data = join(into, 'postgres', 'data');
      cpSync(recovering.data, data, { recursive: true, preserveTimestamps: true });
      chmodSync(data, 0o700);
      const runAs = findRunAs();
      if (runAs) spawnSync('chown', ['-R', `${runAs.uid}:${runAs.gid}`, join(into, 'postgres')]);
      if (runAs) chownSync(into, runAs.uid, runAs.gid);
      const tookMs = Date.now() - begun;
      return {
        dataDirectory: data,
        timeline: 2,
        walFiles: 1,
        logFaults: [],
        lastTransactionAt: null,
        rpoMs: 0,
        rto: { unpackMs: 0, logMs: 0, recoverMs: tookMs, finishMs: 0, totalMs: tookMs },
        hooks: [],
        warnings: [],
      };
    } finally {
      await recovering.stop('immediate').catch(() => {});
      recovering.remove();
    }
  };
}

beforeAll(async () => {
  server.initialise();
  await server.start();
  await server.query(
    `create table kept (writer int, number int, filler text default repeat('x', 300), primary key (writer, number))`,
  );
  await server.query('alter table kept enable row level security');
  // Nobody touches it again, so no page of it comes out of the log.
  await server.query(
    `create table quiet as select n, repeat('x', 300) as filler from generate_series(1, 500) as n`,
  );
  await server.query('vacuum freeze quiet');
  await server.query('insert into kept select 0, n from generate_series(1, 2000) as n');
  await server.stop();
  server.copyTo(copy);
  await server.start();
  const receiver = startReceiver({
    url: server.url,
    slot: 'drill',
    spoolFolder: join(folder, 'spool'),
    vault,
    partialEveryMs: 200,
    spoolLimit: 1024 ** 3,
    stopPatienceMs: 3_000,
  });
  const [facts] = await server.query<{ id: string; version: string; lsn: string }>(
    `select system_identifier::text as id, current_setting('server_version_num') as version,
       (select redo_lsn::text from pg_control_checkpoint()) as lsn
     from pg_control_system()`,
  );
  const now = new Date().toISOString();
  backup = {
    format: 1,
    id: '20261121T030000Z-base-3f9c1a',
    kind: 'base',
    startedAt: now,
    finishedAt: now,
    serverVersion: Number(facts?.version),
    systemIdentifier: String(facts?.id),
    recipients: [],
    artifacts: {},
    timeline: 1,
    startLsn: String(facts?.lsn),
    endLsn: String(facts?.lsn),
  };
  await writeEntry(vault.storage, backup);

  // Several write while the point is noted: what it says must be true of exactly one position.
  let isOver = false;
  const writers = [1, 2, 3].map(async (writer) => {
    const client = await connect(server.url, 'load');
    for (let number = 0; !isOver; number += 1) {
      await client.query('insert into kept (writer, number) values ($1, $2)', [writer, number]);
    }
    await client.end();
  });
  const count = async (): Promise<number> =>
    Number((await server.query('select count(*) as n from kept'))[0]?.['n']);
  const patience = { timeout: 30_000, interval: 20 };
  await vi.waitUntil(async () => (await count()) > 2_100, patience);
  point = await capturePoint({ url: server.url, tables: ['public.kept'] });
  const atPoint = point.tables['public.kept']?.rows ?? 0;
  await vi.waitUntil(async () => (await count()) > atPoint + 100, patience);
  isOver = true;
  await Promise.all(writers);
  await storePoint(vault, point);
  await receiver.stop();
});
afterAll(async () => {
  await stopAll();
  server.remove();
  remove();
});

function drill(of: string, choice: Awaited<ReturnType<typeof chooseDrill>>): Promise<DrillReport> {
  return runDrill({
    vault,
    choice,
    restoreInto: restoreCopy(of),
    database: 'postgres',
    stoaVersion: '0.1.0',
    freshnessSeconds: 600,
    isDeep: true,
    parentFolder: folder,
  });
}

const choose = (to: 'latest' | 'point' | 'random') =>
  chooseDrill(vault, { backup: 'newest', to, now: new Date(), chance: 0.5 });

describe('a drill', () => {
  test('takes the newest noted point, any moment, or the last thing archived', async () => {
    expect(await listPoints(vault, 1)).toHaveLength(1);
    expect(await readPoint(vault, String((await listPoints(vault, 1))[0]))).toEqual(point);
    expect(await choose('point')).toMatchObject({
      backup: { id: backup.id },
      target: { kind: 'lsn', lsn: point.lsn },
      point,
    });
    expect(await choose('random')).toMatchObject({ target: { kind: 'time' }, point: undefined });
    expect(await choose('latest')).toMatchObject({ target: { kind: 'latest' } });
    await expect(
      chooseDrill(vault, { backup: 'x', to: 'latest', now: new Date(), chance: 0 }),
    ).rejects.toMatchObject({
      code: 'drill.no_backup',
    });
  });

  test('passes when everything is there, although others wrote while it was noted', async () => {
    const report = await drill(copy, await choose('point'));
    const failed = report.checks.filter(({ state }) => state === 'failed');
    expect(failed).toEqual([]);
    expect(report.failure).toBeNull();
    expect(report.verdict).toBe('passed');
    const contents = report.checks.find(({ name }) => name === 'contents');
    expect(contents).toMatchObject({
      state: 'passed',
      evidence: { rows: point.tables['public.kept']?.rows },
    });
    expect(report.rto.total).toBeGreaterThan(0);
    expect(report.notTested.join('\n')).toMatch(/invariants: .*freshness: |freshness: .*invariants: /s);
    expect(drillReportShape.parse(report)).toEqual(report);
  });

  test('fails when the backup has lost a byte, and says where', async () => {
    const damaged = join(folder, 'damaged');
    cpSync(copy, damaged, { recursive: true, preserveTimestamps: true });
    const [row] = await server.query(`select pg_relation_filepath('quiet') as path`);
    const path = join(damaged, String(row?.['path']));
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(5_000) ^ 1, 5_000);
    writeFileSync(path, bytes);
    const report = await drill(damaged, await choose('point'));
    expect(report.verdict).toBe('failed');
    expect(report.checks.filter(({ state }) => state === 'failed').map(({ name }) => name)).toContain(
      'page_checksums',
    );
    rmSync(damaged, { recursive: true });
  });

  test('reports a restore that fails, as one that has shown nothing', async () => {
    const report = await runDrill({
      vault,
      choice: await choose('latest'),
      restoreInto: async () => {
        throw new Error('the log has a hole');
      },
      database: 'postgres',
      stoaVersion: '0.1.0',
      freshnessSeconds: 600,
      isDeep: false,
      parentFolder: folder,
    });
    expect(report).toMatchObject({ verdict: 'failed', failure: 'the log has a hole', checks: [] });
    expect(report.notTested).toContain('contents: the drill did not get so far.');
  });
});

describe('the report', () => {
  test('is signed, readable, and nobody changes it unseen', async () => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const report = await drill(copy, await choose('point'));
    const text = JSON.stringify(signReport(report, drillKeyPem(data)));
    expect(isReportGenuine(text)).toBe(true);
    expect(JSON.parse(text).signature.publicKey).toBe(
      signReport(report, drillKeyPem(data)).signature.publicKey,
    );
    expect(isReportGenuine(text.replace('"verdict":"passed"', '"verdict":"failed"'))).toBe(false);
    const page = reportPage(signReport({ ...report, failure: '<script>' }, drillKeyPem(data)));
    expect(page).toContain('What was not tested');
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('<script>');
  });

  test('is kept in the database, and an age without one is an alarm', async () => {
    const db = await testDatabase();
    const query = db.query.bind(db) as Parameters<typeof judgeDrills>[0];
    const report = await drill(copy, await choose('point'));
    expect(await judgeDrills(query)).toEqual([]);
    await recordDrill(query, backup, { ...report, verdict: 'failed' }, new Date());
    await db.query(`update ops.backup_runs set started_at = now() - interval '40 days'`);
    expect(await judgeDrills(query)).toMatchObject([
      { name: 'restore_test_overdue', detail: { lastSuccess: null } },
    ]);
    await recordDrill(query, backup, report, new Date());
    expect(await judgeDrills(query)).toEqual([]);
    const { rows } = await db.query(
      `select status, checks ->> 'verdict' as verdict, checks #>> '{results,contents,state}' as contents
       from ops.restore_tests order by id`,
    );
    expect(rows).toEqual([
      { status: 'failed', verdict: 'failed', contents: 'passed' },
      { status: 'ok', verdict: 'passed', contents: 'passed' },
    ]);
    expect((await db.query('select from ops.backup_runs')).rowCount).toBe(1);
    const figures = await db.query(`select figure from ops.backup_figures() order by 1`);
    expect(figures.rows.map(({ figure }) => figure)).toEqual([
      'backup_age_seconds',
      'restore_test_age_seconds',
    ]);
    await db.query(`update ops.restore_tests set finished_at = now() - interval '36 days'`);
    expect(await judgeDrills(query)).toHaveLength(1);
  });
});
