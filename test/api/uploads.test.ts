import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createUser, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-uploads-'));
const s3 = new S3rver({
  port: 0,
  address: '127.0.0.1',
  silent: true,
  directory: join(root, 's3'),
  configureBuckets: [{ name: 'files', configs: [] }],
});
const { port: s3Port } = await s3.run();
afterAll(async () => {
  await s3.close();
  rmSync(root, { recursive: true });
});

const db = await testDatabase();
const sender = await createUser(db, { username: 'sender' });

/** The smallest PNG: one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

const fields = `id status contentType sizeBytes width height url transfer { url method expiresAt headers { name value } }`;

const kinds = [
  ['a folder', { STOA_STORAGE: join(root, 'folder') }],
  [
    'a bucket',
    {
      STOA_STORAGE: `s3://files/of/stoa?endpoint=http://127.0.0.1:${s3Port}&region=local`,
      STOA_STORAGE_ACCESS_KEY_ID: 'S3RVER',
      STOA_STORAGE_SECRET_ACCESS_KEY: 'S3RVER',
    },
  ],
] as const;

describe.each(kinds)('an upload into %s', (kind, settings) => {
  let api: TestApi;
  let token: string;
  beforeAll(async () => {
    api = await startTestApi(db, settings);
    token = await api.signIn(sender);
  });

  /** The API of a test listens elsewhere than its public address says. */
  const here = (url: string): string => url.replace('http://localhost:5678', new URL(api.url).origin);

  async function begin(filename: string, contentType: string, sizeBytes: number) {
    const { data, errors } = await api.ask(
      `mutation ($filename: String!, $contentType: String!, $sizeBytes: BigInt!) {
         createUpload(input: { filename: $filename, contentType: $contentType, sizeBytes: $sizeBytes }) {
           upload { ${fields} }
         }
       }`,
      { token, variables: { filename, contentType, sizeBytes: String(sizeBytes) } },
    );
    expect(errors).toEqual([]);
    return data.createUpload.upload;
  }

  function transfer(upload: {
    transfer: { url: string; method: string; headers: { name: string; value: string }[] };
  }): (body: Buffer) => Promise<Response> {
    const { url, method, headers } = upload.transfer;
    return (body) =>
      fetch(here(url), {
        method,
        headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
        body: new Uint8Array(body),
      });
  }

  const complete = (id: string, as = token) =>
    api.ask(
      `mutation ($id: UUID!) { completeUpload(input: { id: $id, clientMutationId: "c" }) { clientMutationId upload { ${fields} } } }`,
      { token: as, variables: { id } },
    );
  const refusal = async (id: string, as = token): Promise<unknown> =>
    (await complete(id, as)).errors[0]?.extensions['reason'];

  test('is sent to its address, looked at, and can be fetched', async () => {
    const upload = await begin('pixel.png', 'image/png', png.length);
    expect(upload).toMatchObject({ status: 'pending', url: null, transfer: { method: 'PUT' } });
    expect((await transfer(upload)(png)).ok).toBe(true);

    const { data, errors } = await complete(upload.id);
    expect(errors).toEqual([]);
    expect(data.completeUpload).toMatchObject({
      clientMutationId: 'c',
      upload: { status: 'ready', width: 1, height: 1, transfer: null },
    });
    const { rows } = await db.query<{ sha256: Buffer }>('select sha256 from media.uploads where id = $1', [
      upload.id,
    ]);
    expect(rows[0]?.sha256).toEqual(createHash('sha256').update(png).digest());

    const fetched = await fetch(here(data.completeUpload.upload.url));
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(png);
    expect(fetched.headers.get('content-type')).toBe('image/png');
    expect(fetched.headers.get('content-disposition')).toContain('inline; filename="pixel.png"');
    expect(await refusal(upload.id)).toBe('upload.not_pending');
  });

  test('is what its bytes are, not what its sender says', async () => {
    const html = Buffer.from('<script>alert(document.cookie)</script>\n'.repeat(3));
    const upload = await begin('cat.png', 'image/png', html.length);
    await transfer(upload)(html);
    expect(await refusal(upload.id)).toBe('upload.mismatch');
    // What was refused is gone; the right bytes may follow.
    expect(await refusal(upload.id)).toBe('upload.not_sent');
  });

  test('of text is text', async () => {
    const text = Buffer.from('Grüße aus der Stoa\n');
    const upload = await begin('gruss.txt', 'text/plain', text.length);
    await transfer(upload)(text);
    const { data } = await complete(upload.id);
    const fetched = await fetch(here(data.completeUpload.upload.url));
    expect(await fetched.text()).toBe('Grüße aus der Stoa\n');
    expect(fetched.headers.get('content-disposition')).toContain('attachment');

    const binary = Buffer.from([0x00, 0xff, 0xfe, 0x00]);
    const other = await begin('raw.txt', 'text/plain', binary.length);
    await transfer(other)(binary);
    expect(await refusal(other.id)).toBe('upload.mismatch');
  });

  test('counts only when all of it has arrived', async () => {
    const upload = await begin('pixel.png', 'image/png', png.length + 10);
    expect(await refusal(upload.id)).toBe('upload.not_sent');
    await transfer(upload)(png);
    expect(await refusal(upload.id)).toBe('upload.mismatch');
  });

  test('cannot be changed by whoever still has the address', async () => {
    const upload = await begin('pixel.png', 'image/png', png.length);
    const send = transfer(upload);
    await send(png);
    const { data } = await complete(upload.id);
    await send(Buffer.alloc(png.length, 'x'));
    const fetched = await fetch(here(data.completeUpload.upload.url));
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(png);
  });

  test('is completed by its sender alone', async () => {
    const upload = await begin('pixel.png', 'image/png', png.length);
    await transfer(upload)(png);
    const stranger = await api.signIn(await createUser(db, { username: `stranger_${kind.slice(2)}` }));
    expect(await refusal(upload.id, stranger)).toBe('upload.unknown');
    const visitor = await api.ask(
      `mutation { completeUpload(input: { id: "${upload.id}" }) { clientMutationId } }`,
    );
    expect(visitor.errors[0]?.extensions['reason']).toBe('session.required');
  });

  test('that was deleted or quarantined is fetched by nobody', async () => {
    const upload = await begin('pixel.png', 'image/png', png.length);
    await transfer(upload)(png);
    const { data } = await complete(upload.id);
    const { url } = data.completeUpload.upload;
    await db.query("update media.uploads set status = 'quarantined' where id = $1", [upload.id]);
    expect((await fetch(here(url))).status).toBe(410);
    await db.query("update media.uploads set status = 'ready', deleted_at = now() where id = $1", [
      upload.id,
    ]);
    expect((await fetch(here(url))).status).toBe(410);
  });
});

describe('the API itself', async () => {
  const api = await startTestApi(db, { STOA_STORAGE: join(root, 'own') });
  const token = await api.signIn(sender);
  const origin = new URL(api.url).origin;
  const begin = async (size: number): Promise<{ id: string; url: URL }> => {
    const { data } = await api.ask(
      `mutation { createUpload(input: { filename: "film.png", contentType: "image/png", sizeBytes: "${size}" }) {
         upload { id transfer { url } } } }`,
      { token },
    );
    const { id, transfer } = data.createUpload.upload;
    return { id, url: new URL(transfer.url.replace('http://localhost:5678', origin)) };
  };

  test('takes no more bytes than were announced', async () => {
    const { id, url } = await begin(10);
    const sent = await fetch(url, { method: 'PUT', body: new Uint8Array(11) });
    expect(sent.status).toBe(422);
    expect(await sent.json()).toMatchObject({ errors: [{ extensions: { reason: 'upload.mismatch' } }] });
    expect((await db.query('select status from media.uploads where id = $1', [id])).rows).toEqual([
      { status: 'pending' },
    ]);
  });

  test('keeps nothing of a transfer that broke off', async () => {
    const { id, url } = await begin(1000);
    await new Promise<void>((resolve) => {
      const sending = request(url, { method: 'PUT', headers: { 'content-length': '1000' } });
      sending.on('error', () => resolve());
      sending.on('close', () => resolve());
      sending.write(Buffer.alloc(500), () => setImmediate(() => sending.destroy()));
    });
    const { errors } = await api.ask(
      `mutation { completeUpload(input: { id: "${id}" }) { clientMutationId } }`,
      {
        token,
      },
    );
    expect(errors[0]?.extensions['reason']).toBe('upload.not_sent');
  });

  test.each([
    [
      'of another file',
      (url: URL) => url.pathname.replace(/.$/, (last) => (last === '0' ? '1' : '0')) + url.search,
    ],
    [
      'with a later end',
      (url: URL) => url.pathname + url.search.replace(/expires=(\d+)/, 'expires=9999999999'),
    ],
    ['for fetching', (url: URL) => url.pathname.replace('/uploads/', '/files/') + url.search],
    ['without a signature', (url: URL) => url.pathname],
    ['that is garbage', () => '/uploads/%00?expires=x&signature=%ff'],
  ])('takes nothing at an address %s', async (_, forged) => {
    const { url } = await begin(10);
    const address = `${origin}${forged(url)}`;
    const isFetch = address.includes('/files/');
    const answer = await fetch(address, isFetch ? {} : { method: 'PUT', body: new Uint8Array(10) });
    expect(answer.status).toBe(410);
  });

  test('gives a part of a file', async () => {
    const { id, url } = await begin(png.length);
    await fetch(url, { method: 'PUT', body: new Uint8Array(png) });
    const { data } = await api.ask(`mutation { completeUpload(input: { id: "${id}" }) { upload { url } } }`, {
      token,
    });
    const address = data.completeUpload.upload.url.replace('http://localhost:5678', origin);
    const part = async (range: string) => {
      const answer = await fetch(address, { headers: { range } });
      return [answer.status, answer.headers.get('content-range'), Buffer.from(await answer.arrayBuffer())];
    };
    const size = png.length;
    expect(await part('bytes=1-3')).toEqual([206, `bytes 1-3/${size}`, png.subarray(1, 4)]);
    expect(await part('bytes=-4')).toEqual([206, `bytes ${size - 4}-${size - 1}/${size}`, png.subarray(-4)]);
    expect(await part(`bytes=${size - 1}-9999`)).toEqual([
      206,
      `bytes ${size - 1}-${size - 1}/${size}`,
      png.subarray(-1),
    ]);
    expect((await part(`bytes=${size}-`))[0]).toBe(416);
    expect((await part('lines=1-2'))[0]).toBe(200);
    const head = await fetch(address, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(size)]);
    expect(head.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  });
});
