import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DrillCheck } from '../../../src/backup/drill/check.ts';
import { pageChecksums } from '../../../src/backup/drill/checks/page-checksums.ts';
import { heaps, visibility } from '../../../src/backup/drill/checks/relations.ts';
import { runChecks } from '../../../src/backup/drill/checks.ts';
import { connect } from '../../../src/postgres/connect.ts';
import { newFolder, stopAll, TestServer } from '../wal/scene.ts';

const { folder, remove } = newFolder();
const server = new TestServer(folder, 'pages');
beforeAll(async () => {
  server.initialise();
  await server.start({ autovacuum: 'off' });
  await server.query(
    `create table kept as select n, repeat('x', 100) as filler from generate_series(1, 2000) as n`,
  );
  await server.query('create index on kept (n)');
  await server.query('vacuum kept');
});
afterAll(async () => {
  await stopAll();
  server.remove();
  remove();
});

async function run(check: DrillCheck) {
  const client = await connect(server.url, 'test');
  try {
    const [result] = await runChecks(
      {
        client,
        url: server.url,
        point: undefined,
        log: undefined,
        migration: undefined,
        targetAt: new Date(),
        freshnessSeconds: 600,
        isDeep: false,
      },
      [check],
    );
    return result;
  } finally {
    await client.end();
  }
}

async function pathOf(fork = ''): Promise<string> {
  const [row] = await server.query(`select pg_relation_filepath('kept') as path`);
  return join(server.data, `${row?.['path']}${fork}`);
}

test('a visibility map of another time is seen, which every count by index would believe', async () => {
  expect(await run(visibility)).toMatchObject({ state: 'passed', findings: [] });
  const map = await pathOf('_vm');
  await server.stop();
  const before = readFileSync(map);
  await server.start({ autovacuum: 'off' });
  await server.query('delete from kept where n <= 50');
  await server.stop();
  writeFileSync(map, before);
  await server.start({ autovacuum: 'off' });
  const found = await run(visibility);
  expect(found?.state).toBe('failed');
  expect(found?.findings).toContainEqual(expect.stringMatching(/^kept: not visible to all: \(0,\d+\)$/));
  await server.query(`select pg_truncate_visibility_map('kept')`);
  expect(await run(visibility)).toMatchObject({ state: 'passed' });
});

test('a page that changed on the disk is seen by its checksum, and by whoever reads its rows', async () => {
  expect(await run(pageChecksums)).toMatchObject({
    state: 'passed',
    evidence: { bytes: expect.any(Number) },
  });
  expect(await run(heaps)).toMatchObject({ state: 'passed' });
  const path = await pathOf();
  await server.stop();
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  const at = 3 * 8192 + 5_000;
  readSync(file, byte, 0, 1, at);
  byte.writeUInt8(byte.readUInt8(0) ^ 1);
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
  await server.start({ autovacuum: 'off' });
  const found = await run(pageChecksums);
  expect(found?.state).toBe('failed');
  expect(found?.findings.join()).toMatch(/block 3/);
  expect((await run(heaps))?.findings).toContainEqual(
    expect.stringMatching(/^kept: invalid page in block 3/),
  );
});
