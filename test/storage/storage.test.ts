import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import S3rver from 's3rver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { openStorage } from '../../src/storage/open.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { noEndpoint, realEndpoint } from './real-endpoint.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-storage-'));
const bucket = 'community';
const s3 = new S3rver({
  port: 0,
  address: '127.0.0.1',
  silent: true,
  directory: join(root, 's3'),
  configureBuckets: [{ name: bucket, configs: [] }],
});
let endpoint: string;

const keys = { STOA_STORAGE_ACCESS_KEY_ID: 'S3RVER', STOA_STORAGE_SECRET_ACCESS_KEY: 'S3RVER' };

async function open(address: string, env: Readonly<Record<string, string>> = keys): Promise<Storage> {
  return openStorage(await loadConfig({ cwd: root, env: { STOA_STORAGE: address, ...env } }));
}

beforeAll(async () => {
  const { port } = await s3.run();
  endpoint = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await s3.close();
  rmSync(root, { recursive: true });
});

async function textOf(storage: Storage, key: string): Promise<string> {
  return (await buffer((await storage.get(key)).body)).toString();
}

async function keysOf(storage: Storage, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of storage.list(prefix)) found.push(key);
  return found.sort();
}

const real = realEndpoint();
const buckets: readonly (readonly [string, (folder: string) => Promise<Storage>])[] = [
  ['a bucket', (folder) => open(`s3://${bucket}${folder}?endpoint=${endpoint}&region=local`)],
  ...(real
    ? [['a bucket of a real service', (folder: string) => open(real.addressOf(folder), real.keys)] as const]
    : []),
];
const kinds: readonly (readonly [string, () => Promise<Storage>])[] = [
  ['a folder', () => open('objects')],
  ['a part of a bucket', () => open(`s3://${bucket}/of/stoa?endpoint=${endpoint}&region=local`)],
  ...buckets.map(([name, opened]) => [name, () => opened('')] as const),
];

describe('a real service', () => {
  test.runIf(real === undefined)('is tested where one is configured', ({ skip }) => skip(noEndpoint));

  test('that is configured by half is an error, and not a suite that is left out', () => {
    const whole = {
      STOA_TEST_S3_ENDPOINT: 'https://storage.example',
      STOA_TEST_S3_BUCKET: 'tests',
      STOA_TEST_S3_REGION: 'local',
      STOA_TEST_S3_ACCESS_KEY_ID: 'one',
      STOA_TEST_S3_SECRET_ACCESS_KEY: 'other',
    };
    expect(realEndpoint({})).toBeUndefined();
    expect(realEndpoint(whole)?.addressOf('/a')).toMatch(
      /^s3:\/\/tests\/stoa-tests\/[-0-9a-f]{36}\/a\?endpoint=https/,
    );
    expect(() => realEndpoint({ ...whole, STOA_TEST_S3_BUCKET: '' })).toThrow(/STOA_TEST_S3_BUCKET is not/);
  });
});

afterAll(async () => {
  if (real === undefined) return;
  const storage = await open(real.addressOf(''), real.keys);
  for (const key of await keysOf(storage, '')) await storage.delete(key);
  storage.close();
});

describe.each(kinds)('%s', (_, opened) => {
  let storage: Storage;
  beforeAll(async () => {
    storage = await opened();
  });
  afterAll(() => storage.close());

  test('gives back what was put, whole and in part', async () => {
    expect(await storage.put('a/b/one.txt', Buffer.from('0123456789'))).toEqual({ size: 10 });
    expect(await textOf(storage, 'a/b/one.txt')).toBe('0123456789');
    const part = await storage.get('a/b/one.txt', { first: 2, last: 4 });
    expect((await buffer(part.body)).toString()).toBe('234');
    expect(part.info).toMatchObject({ key: 'a/b/one.txt', size: 10 });
    expect((await buffer((await storage.get('a/b/one.txt', { first: 7 })).body)).toString()).toBe('789');
  });

  test('takes a stream of any length, and one of none', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, 'x');
    const many = Readable.from(
      (function* () {
        for (let n = 0; n < 20; n += 1) yield mebibyte;
      })(),
    );
    expect(await storage.put('large', many)).toEqual({ size: 20 * 1024 * 1024 });
    expect((await storage.head('large'))?.size).toBe(20 * 1024 * 1024);
    expect(await storage.put('empty', Readable.from([]))).toEqual({ size: 0 });
    expect(await textOf(storage, 'empty')).toBe('');
  });

  test('replaces an object', async () => {
    await storage.put('twice', Buffer.from('first and longer'));
    await storage.put('twice', Readable.from(['second']));
    expect(await textOf(storage, 'twice')).toBe('second');
  });

  test('knows nothing of a source that broke in the middle, and keeps what was there', async () => {
    await storage.put('kept', Buffer.from('old'));
    const source = (): PassThrough => {
      const stream = new PassThrough();
      stream.write('half of it');
      setImmediate(() => stream.destroy(new Error('the source broke')));
      return stream;
    };
    await expect(storage.put('kept', source())).rejects.toThrow('the source broke');
    await expect(storage.put('never', source())).rejects.toThrow('the source broke');
    expect(await textOf(storage, 'kept')).toBe('old');
    expect(await storage.head('never')).toBeUndefined();
    expect(await keysOf(storage, 'never')).toEqual([]);
  });

  test('lists what begins with a prefix', async () => {
    for (const key of ['list/b', 'list/a/2', 'list/a/1', 'list/a.txt', 'listing']) {
      await storage.put(key, Buffer.from(key));
    }
    expect(await keysOf(storage, 'list/')).toEqual(['list/a.txt', 'list/a/1', 'list/a/2', 'list/b']);
    expect(await keysOf(storage, 'list/a/')).toEqual(['list/a/1', 'list/a/2']);
    expect(await keysOf(storage, 'list')).toEqual([
      'list/a.txt',
      'list/a/1',
      'list/a/2',
      'list/b',
      'listing',
    ]);
    expect(await keysOf(storage, 'nothing')).toEqual([]);
  });

  test('says whether there was something to delete', async () => {
    await storage.put('gone/soon', Buffer.from('x'));
    expect(await storage.delete('gone/soon')).toBe(true);
    expect(await storage.delete('gone/soon')).toBe(false);
    expect(await storage.head('gone/soon')).toBeUndefined();
    await expect(storage.get('gone/soon')).rejects.toMatchObject({ code: 'storage.missing' });
  });

  test.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'a/./b', 'a b', 'a\0b', 'ä', 'x'.repeat(600)])(
    'has no key %j',
    async (key) => {
      await expect(storage.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'storage.bad_key' });
      await expect(storage.get(key)).rejects.toMatchObject({ code: 'storage.bad_key' });
    },
  );
});

describe('a folder', () => {
  test('leaves nothing of what was interrupted', async () => {
    const storage = await open('tidy');
    const source = new PassThrough();
    source.write('half');
    const controller = new AbortController();
    const put = storage.put('x/y', source, { signal: controller.signal });
    controller.abort();
    await expect(put).rejects.toThrow();
    expect(readdirSync(join(root, 'tidy', '.unfinished'))).toEqual([]);
    expect(await keysOf(storage, '')).toEqual([]);
  });

  test('takes an object of many pieces, each in the memory of the one before', async () => {
    const storage = await open('large');
    const piece = Buffer.alloc(1024 * 1024);
    const wanted = createHash('sha256');
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let n = 0; n < 40; n += 1) {
        wanted.update(piece.fill(n));
        yield piece;
      }
    }
    expect(await storage.put('x', pieces())).toEqual({ size: 40 * piece.length });
    const found = createHash('sha256').update(readFileSync(join(root, 'large', 'x')));
    expect(found.digest('hex')).toBe(wanted.digest('hex'));
  });

  test('goes with its last object', async () => {
    const storage = await open('emptied');
    await storage.put('a/b/c', Buffer.from('x'));
    await storage.delete('a/b/c');
    expect(readdirSync(join(root, 'emptied'))).toEqual(['.unfinished']);
  });

  test('that is a file is said to be one that cannot be used', async () => {
    writeFileSync(join(root, 'file'), '');
    const storage = await open('file');
    await expect(storage.put('a', Buffer.from('x'))).rejects.toThrow();
    expect(await storage.head('a')).toBeUndefined();
  });
});

describe.each(buckets)('%s', (_, opened) => {
  test('takes from a client exactly what was signed, and gives it under its name', async () => {
    const storage = await opened('/signed');
    const up = await storage.signUpload?.('picture', {
      contentType: 'image/png',
      size: 4,
      expiresInSeconds: 60,
    });
    if (up === undefined) throw new Error('nothing was signed');
    const sent = await fetch(up.url, { method: up.method, headers: up.headers, body: 'abcd' });
    expect(sent.status).toBe(200);
    expect(await textOf(storage, 'picture')).toBe('abcd');

    const down = await storage.signDownload?.('picture', {
      filename: 'Grüße "1".png',
      contentType: 'image/png',
      disposition: 'attachment',
      expiresInSeconds: 60,
    });
    if (down === undefined) throw new Error('nothing was signed');
    const got = await fetch(down.url);
    expect(await got.text()).toBe('abcd');
    expect(got.headers.get('content-disposition')).toBe(
      `attachment; filename="Gr__e _1_.png"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.png`,
    );
    storage.close();
  });

  test('takes an object that is longer than one part, and gives back any part of it', async () => {
    const storage = await opened('/parts');
    // Different at each place, so that parts in another order would be seen.
    const whole = Buffer.alloc(17 * 1024 * 1024 + 17);
    for (let at = 0; at + 4 <= whole.length; at += 4096) whole.writeUInt32BE(at, at);
    await storage.put('long', Readable.from([whole.subarray(0, 1_000), whole.subarray(1_000)]), {
      expectedSize: whole.length,
    });
    const got = await buffer((await storage.get('long')).body);
    expect(got.equals(whole)).toBe(true);
    const first = 16 * 1024 * 1024 - 5_000;
    const part = await buffer((await storage.get('long', { first, last: first + 9_999 })).body);
    expect(part.equals(whole.subarray(first, first + 10_000))).toBe(true);
    storage.close();
  });
});

describe('a bucket', () => {
  test('says who refuses, without a key in the sentence', async () => {
    const secret = 'a-secret-of-nobody';
    const storage = await open(`s3://${bucket}?endpoint=${endpoint}&region=local`, {
      STOA_STORAGE_ACCESS_KEY_ID: 'NOBODY',
      STOA_STORAGE_SECRET_ACCESS_KEY: secret,
    });
    const refused = await storage.put('a', Buffer.from('x')).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'storage.denied' });
    expect(String(refused)).not.toContain(secret);
    storage.close();
  });

  test('that is not there, or in a place that does not answer, is named', async () => {
    const absent = await open(`s3://absent?endpoint=${endpoint}&region=local`);
    await expect(absent.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'storage.unreachable' });
    absent.close();
    const nobody = await open(`s3://${bucket}?endpoint=http://127.0.0.1:9&region=local`);
    await expect(nobody.head('a')).rejects.toMatchObject({ code: 'storage.unreachable' });
    nobody.close();
  });
});

describe('an address', () => {
  test.each([
    ['ftp://host/path', 'ftp: is no kind of storage'],
    ['s3://', 'neither a path nor a URL|names no bucket'],
    ['s3://key:secret@bucket', 'keys do not belong into the address'],
    ['s3://bucket?acl=public', 'it has no parameter acl'],
    ['s3://bucket?endpoint=storage.example', 'the endpoint is no URL'],
  ])('%s is refused', async (address, reason) => {
    const refused = await open(address, {}).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'storage.address' });
    expect(String(refused)).toMatch(new RegExp(reason));
    expect(String(refused)).not.toContain('secret@');
  });

  test('with one of two keys is refused', async () => {
    await expect(open('s3://bucket', { STOA_STORAGE_ACCESS_KEY_ID: 'one' })).rejects.toMatchObject({
      code: 'storage.address',
    });
  });
});
