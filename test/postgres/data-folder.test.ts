import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataFolder, ensureDataFolder, inDataFolder, readJson, writeJson } from '../../src/data-folder.ts';
import { StoaError } from '../../src/errors.ts';
import { readPointer } from '../../src/postgres/embedded.ts';
import { readHolder, takeHold } from '../../src/postgres/holder.ts';
import { startTicks } from '../../src/postgres/process-identity.ts';
import { loadSecrets } from '../../src/secrets.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'stoa-data-'));
  ensureDataFolder(dataDir);
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('holding a data folder', () => {
  test('is for one process at a time', () => {
    const hold = takeHold(dataDir, 'up');
    expect(readHolder(dataDir)).toMatchObject({ pid: process.pid, command: 'up', isReady: false });
    expect(takeHold(dataDir, 'import')).toBeUndefined();
    hold?.release();
    expect(readHolder(dataDir)).toBeUndefined();
    expect(takeHold(dataDir, 'import')).toBeDefined();
  });

  test('ends with the process, also when another one has been given its number', () => {
    const { holder } = dataFolder(dataDir);
    const dead = { pid: process.pid, ticks: `${startTicks(process.pid)}0`, command: 'up', startedAt: '' };
    writeJson(holder, dead);
    expect(readHolder(dataDir)).toBeUndefined();
    expect(takeHold(dataDir, 'up')).toBeDefined();
  });
});

test.each(['', '{"pid":', '[]'])('a note of the holder that reads %j is of nobody', (text) => {
  writeFileSync(dataFolder(dataDir).holder, text);
  expect(readHolder(dataDir)).toBeUndefined();
  expect(takeHold(dataDir, 'up')).toBeDefined();
  expect(readHolder(dataDir)?.pid).toBe(process.pid);
});

test.each(['{"port":', '[]', '{"port":5}'])('a note of the cluster that reads %j is refused', (text) => {
  writeFileSync(dataFolder(dataDir).cluster, text);
  expect(() => readPointer(dataDir)).toThrow(StoaError);
});

describe('secrets of a data folder', () => {
  test('are made once and kept', () => {
    const first = loadSecrets(dataDir, ['stoa_gateway']);
    const second = loadSecrets(dataDir, ['stoa_gateway', 'stoa_auth']);
    expect(second.secretKey).toEqual(first.secretKey);
    expect(first.secretKey.length).toBe(32);
    expect(second.passwordOf('stoa_gateway')).toBe(first.passwordOf('stoa_gateway'));
    expect(second.passwordOf('stoa_auth')).not.toBe(first.passwordOf('stoa_gateway'));
  });

  test('that cannot be read are named, not replaced', () => {
    const { secrets } = dataFolder(dataDir);
    writeFileSync(secrets, '{"postgres":');
    expect(() => loadSecrets(dataDir)).toThrow(`${secrets} is not valid JSON.`);
    expect(readJsonText(secrets)).toThrow(StoaError);
  });

  test.each([
    ['[]', 'all of it'],
    ['{"postgres":{"postgres":5}}', 'postgres.postgres'],
    ['{"secretKey":"c2VjcmV0"}', 'secretKey'],
  ])('of the wrong form are refused without being shown: %s', (text, where) => {
    const { secrets } = dataFolder(dataDir);
    writeFileSync(secrets, text);
    expect(() => loadSecrets(dataDir)).toThrow(`${secrets} does not hold what belongs there (${where}).`);
  });
});

const readJsonText = (path: string) => () => readJson(path);

// Writing to /dev/full fails as a full disk does.
test.skipIf(!existsSync('/dev/full'))('a full disk is said to be full', () => {
  const attempt = (): unknown => inDataFolder(dataDir, () => writeFileSync('/dev/full', 'x'));
  expect(attempt).toThrow('cannot be used: the disk is full.');
});
