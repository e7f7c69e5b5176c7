import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { readPointer } from '../../src/postgres/embedded.ts';
import { findFreePort } from '../../src/postgres/port.ts';
import { temporaryProject } from '../harness/installation.ts';

const project = await temporaryProject();
const { dataDir, folder } = project;
const backups = join(dataDir, 'backups');
const keyPath = join(folder, 'key.txt');
const restoredClusters = new Set<string>();
const port = String(await findFreePort());
const settings: Record<string, string> = { STOA_POSTGRES_PORT: port };

beforeEach(() => {
  vi.stubEnv('STOA_DATA_DIR', dataDir);
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  return () => vi.unstubAllEnvs();
});
afterAll(() => {
  for (const cluster of restoredClusters) rmSync(cluster, { recursive: true, force: true });
});

/** A command line, run here: starting a process costs more than most commands. */
async function stoa(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  try {
    process.exitCode = 0;
    await main(args);
    return { code: Number(process.exitCode), stdout, stderr };
  } finally {
    process.exitCode = 0;
    out.mockRestore();
    err.mockRestore();
  }
}

async function json(...args: readonly string[]) {
  const { stdout, stderr } = await stoa(...args, '--json');
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout);
}

/** Lines of a terminal of the width that everything has to fit into. */
function expectToFit(text: string): void {
  for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
}

/** Resolves once a backup has begun to write. */
async function isWriting(): Promise<void> {
  const unfinished = join(backups, '.unfinished');
  const sizes = (): readonly number[] =>
    existsSync(unfinished)
      ? readdirSync(unfinished).map((name) => statSync(join(unfinished, name)).size)
      : [];
  await expect.poll(() => sizes().some((size) => size > 0)).toBe(true);
}

const clusterFolder = (): string => readPointer(dataDir)?.folder ?? '';

// Each command line listens once for a reader that goes away.
process.stdout.setMaxListeners(200);

describe('stoa backup', () => {
  test('says that there is none', async () => {
    const status = await stoa('backup', 'status');
    expect(status).toMatchObject({ code: 6, stdout: expect.stringContaining('There is no backup') });
    expect((await stoa('backup', 'verify')).code).toBe(6);
    expect((await stoa('restore', '--into', join(folder, 'elsewhere'))).code).toBe(8);
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
  });

  test('makes a key, and encrypts for it', async () => {
    const { recipient } = await json('keys', 'new', '--out', keyPath);
    expect(statSync(keyPath).mode & 0o777).toBe(0o600);
    expect((await stoa('keys', 'new', '--out', keyPath)).code).toBe(5);
    settings['STOA_BACKUP_RECIPIENTS'] = recipient;
    vi.stubEnv('STOA_BACKUP_RECIPIENTS', recipient);
    const entry = await json('backup', 'create', '--label', 'first');
    expect(entry).toMatchObject({ kind: 'base', label: 'first', recipients: [recipient] });
    expect(Object.keys(entry.artifacts).sort()).toEqual([
      'backup_manifest',
      'base.tar',
      'blocks.index',
      'secrets.json',
    ]);
    const commands = [['list'], ['show', entry.id], ['status'], ['verify'], ['prune', '--dry-run']];
    for (const args of commands) {
      const { code, stdout, stderr } = await stoa('backup', ...args);
      expect(code, stderr).toBe(0);
      expectToFit(stdout + stderr);
    }
    const status = await json('backup', 'status');
    expect(status).toMatchObject({ isGood: true, backups: 1, isOnSameDisk: true, window: null });
    expect(status.newest.id).toBe(entry.id);
    expect(status.newest.verifiedAt).not.toBeNull();
  });

  test('looks inside only with the key', async () => {
    expect((await stoa('backup', 'verify', '--deep')).code).toBe(5);
    settings['STOA_BACKUP_IDENTITY_FILE'] = keyPath;
    vi.stubEnv('STOA_BACKUP_IDENTITY_FILE', keyPath);
    const verified = await json('backup', 'verify', '--all', '--deep', '--log');
    expect(verified).toMatchObject({ isGood: true, backups: [{ isDeep: true, faults: [] }] });
    expect(await json('keys', 'list')).toMatchObject({
      keys: [{ isCurrent: true, isHere: true, backups: 1 }],
      unencrypted: 0,
    });
    expectToFit((await stoa('keys', 'list')).stdout);
    expect(await json('keys', 'rewrap')).toEqual({ objects: 4, backups: [] });
  });

  test('takes what changed since, which is restored together with what it is laid over', async () => {
    const { backups: list } = await json('backup', 'list');
    const { code, stdout, stderr } = await stoa('backup', 'create', '--increment');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`-increment-`);
    expect(stdout).toContain(`laid over ${list[0].id}`);
    expectToFit(stdout + stderr);
    expect(await json('backup', 'verify', '--deep')).toMatchObject({
      isGood: true,
      backups: [{ id: expect.stringContaining('increment'), isDeep: true }],
    });
    const look = join(folder, 'laid');
    const restored = await json('restore', '--into', look, '--to-backup');
    expect(restored.backup).toContain('increment');
    rmSync(look, { recursive: true, force: true });
    restoredClusters.add(dirname(restored.cluster));
  });

  test('stopped by Ctrl-C it says so and leaves nothing', async () => {
    const running = project.start(['backup', 'create', '--rate', '4'], settings);
    await isWriting();
    running.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(stderr).toContain('nothing of it counts');
    expect(code).toBe(130);
    expect(readdirSync(join(backups, '.unfinished'))).toEqual([]);
    expect(await json('backup', 'status')).toMatchObject({ backups: 2, unfinished: [] });
  });

  test('killed it leaves something that is told, and that prune removes', async () => {
    const running = project.start(['backup', 'create', '--rate', '4'], settings);
    await isWriting();
    running.kill('SIGKILL');
    await running.ended;
    const status = await json('backup', 'status');
    expect(status).toMatchObject({ backups: 2, unfinished: [expect.stringContaining('.unfinished/')] });
    expect((await json('backup', 'prune')).removedUnfinished).toEqual([]);
    const pruned = await json('backup', 'prune', '--abandoned-after', '0');
    expect(pruned).toMatchObject({ removed: [], removedUnfinished: status.unfinished });
    expect((await json('backup', 'status')).unfinished).toEqual([]);
  });
});

describe('stoa restore', () => {
  const here = relative(process.cwd(), dataDir);

  test('replaces the database of the installation only when its name is typed, and it starts again', async () => {
    const refused = await stoa('restore', '--into', dataDir);
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining(`--confirm ${here}`) });
    expect((await stoa('restore', '--into', dataDir, '--confirm', 'yes')).code).toBe(5);
    const restored = await json('restore', '--into', dataDir, '--confirm', here);
    restoredClusters.add(restored.replaced);
    expect(existsSync(join(restored.replaced, 'data', 'PG_VERSION'))).toBe(true);
    // What is restored is a timeline of its own, over which nothing of the one before is laid.
    expect(await json('backup', 'create', '--increment')).toMatchObject({ kind: 'base', timeline: 2 });
  });

  test('leaves the database as it was when the moment cannot be reached', async () => {
    const before = clusterFolder();
    const future = await stoa('restore', '--into', dataDir, '--confirm', here, '--to', '2099-01-01');
    expect(future.code, future.stderr).toBe(6);
    expect(clusterFolder()).toBe(before);
    expect(existsSync(join(before, 'data', 'PG_VERSION'))).toBe(true);
    expect(existsSync(join(dataDir, 'restoring.json'))).toBe(false);
  });

  test('takes mappings of tablespaces, and names what there is where one is of another', async () => {
    const into = join(folder, 'mapped');
    const mapped = await stoa('restore', '--into', into, '-T', '/disk2/tables=/disk3/tables');
    expect(mapped).toMatchObject({
      code: 8,
      stderr: expect.stringContaining('no tablespace in /disk2/tables'),
    });
    expect(existsSync(into)).toBe(false);
    const database = 'postgres://nobody@localhost/nothing';
    const elsewhere = await stoa('restore', '--into', database, '--tablespace-mapping', '/a=/b');
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('a database was named') });
  });

  test('when database and passwords are gone, makes both again', async () => {
    rmSync(clusterFolder(), { recursive: true, force: true });
    rmSync(join(dataDir, 'secrets.json'));
    expect(await json('restore', '--into', dataDir)).toMatchObject({
      replaced: null,
      warnings: [],
      timeline: 3,
    });
    expect((await stoa('backup', 'create')).code).toBe(0);
  });

  test('makes nothing of a backup with a byte that changed', async () => {
    const { backups: list } = await json('backup', 'list');
    expect(list).toHaveLength(4);
    const path = join(backups, list[3].artifacts['base.tar'].key);
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
    writeFileSync(path, bytes);
    const verified = await stoa('backup', 'verify', '--all');
    expect(verified).toMatchObject({ code: 6, stdout: expect.stringContaining('DAMAGED') });
    expectToFit(verified.stdout);
    const status = await stoa('backup', 'status');
    expect(status).toMatchObject({ code: 6, stdout: expect.stringContaining('is not whole') });
    const look = join(folder, 'look');
    const failed = await stoa('restore', '--into', look, '--backup', list[3].id);
    expect(failed).toMatchObject({ code: 6, stderr: expect.stringContaining('damaged') });
    expect(readdirSync(look).sort()).toEqual(['logs', 'restoring.json']);
    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full', 'something'), '');
    expect((await stoa('restore', '--into', join(folder, 'full'))).code).toBe(5);
  });
});
