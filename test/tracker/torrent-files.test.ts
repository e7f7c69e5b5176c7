import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMetainfo } from '../../src/api/torrents/metainfo.ts';
import { SecretBox } from '../../src/auth/secret-box.ts';
import { type Bencoded, Dictionary, decode, encode } from '../../src/bencode.ts';
import { startTestApi, type TestApi } from '../api/api.ts';
import { createUser } from '../harness/index.ts';
import { type Swarm, sha256, swarm } from '../sql/tracker/swarm.ts';
import { announceAddress, ask, realClient } from './client.ts';

const storage = mkdtempSync(join(tmpdir(), 'stoa-torrents-'));
afterAll(() => rmSync(storage, { recursive: true }));

type Entries = Readonly<Record<string, Bencoded | undefined>>;

function dictionary(entries: Entries): ReadonlyMap<string, Bencoded> {
  return new Map(
    Object.entries(entries).filter((entry): entry is [string, Bencoded] => entry[1] !== undefined),
  );
}

const sha = (algorithm: string, data: Buffer): string => createHash(algorithm).update(data).digest('hex');

/** A torrent of version 1 with two files. */
function info(changes: Entries = {}): ReadonlyMap<string, Bencoded> {
  return dictionary({
    name: 'Recordings',
    'piece length': 16_384,
    pieces: Buffer.alloc(40, 0xfe),
    private: 1,
    files: [
      dictionary({ length: 20_000, path: ['disc 1', 'ä.flac'] }),
      dictionary({ length: 1, path: ['notes.txt'] }),
    ],
    ...changes,
  });
}

function metainfo(changes: Entries = {}, more: Entries = {}): Buffer {
  return encode(
    dictionary({
      announce: 'http://elsewhere.example/secret-of-the-uploader/announce',
      'announce-list': [['udp://elsewhere.example:80']],
      comment: 'from elsewhere',
      'created by': 'somebody',
      info: info(changes),
      ...more,
    }),
  );
}

/** BEP 52: one file under a folder. */
const tree = dictionary({
  'disc 1': dictionary({
    'one.flac': dictionary({ '': dictionary({ length: 40_000, 'pieces root': Buffer.alloc(32, 1) }) }),
  }),
});
const layers = new Map([[Buffer.alloc(32, 0xfe).toString('latin1'), Buffer.alloc(96, 2)]]);
const version2 = { 'meta version': 2, 'file tree': tree };

describe('the metainfo of a torrent', () => {
  it('gives its identity, its files and their sizes', () => {
    expect(readMetainfo(metainfo())).toMatchObject({
      name: 'Recordings',
      infoHash: sha('sha1', encode(info())),
      infoHashV2: undefined,
      pieceLength: 16_384,
      files: [
        { path: 'disc 1/ä.flac', size: 20_000 },
        { path: 'notes.txt', size: 1 },
      ],
    });
  });

  it('of one file has the name of the torrent', () => {
    const { files } = readMetainfo(metainfo({ files: undefined, length: 20_000, name: 'one.iso' }));
    expect(files).toEqual([{ path: 'one.iso', size: 20_000 }]);
  });

  it('of version 2 is known by SHA-256, and keeps the layers of pieces as they are', () => {
    const changes = { ...version2, pieces: undefined, files: undefined };
    const read = readMetainfo(metainfo(changes, { 'piece layers': layers }));
    expect(read).toMatchObject({
      infoHash: sha('sha256', encode(info(changes))),
      infoHashV2: undefined,
      files: [{ path: 'disc 1/one.flac', size: 40_000 }],
    });
    const given = decode(read.withAnnounce('http://here/'));
    expect(
      given instanceof Dictionary ? new Map(given.get('piece layers') as Dictionary) : undefined,
    ).toEqual(layers);
  });

  it('of both versions has both identities, and its padding is no file', () => {
    const changes = {
      ...version2,
      pieces: Buffer.alloc(60),
      files: [
        dictionary({ length: 40_000, path: ['disc 1', 'one.flac'] }),
        dictionary({ attr: 'p', length: 9_152, path: ['.pad', '9152'] }),
      ],
    };
    expect(readMetainfo(metainfo(changes, { 'piece layers': layers }))).toMatchObject({
      infoHash: sha('sha1', encode(info(changes))),
      infoHashV2: sha('sha256', encode(info(changes))),
      files: [{ path: 'disc 1/one.flac', size: 40_000 }],
    });
  });

  it.each([
    ['no dictionary', encode([])],
    ['no info', encode(dictionary({ announce: 'x' }))],
    ['info that is a list', encode(dictionary({ info: [] }))],
    ['too few pieces', metainfo({ pieces: Buffer.alloc(20) })],
    ['no length of pieces', metainfo({ 'piece length': 0 })],
    ['a path that leads out', metainfo({ files: [dictionary({ length: 20_001, path: ['..', 'x'] })] })],
    ['a name with a slash', metainfo({ files: [dictionary({ length: 20_001, path: ['a/../../x'] })] })],
    ['a file without a path', metainfo({ files: [dictionary({ length: 20_001, path: [] })] })],
    ['a negative size', metainfo({ files: [dictionary({ length: -1, path: ['a'] })] })],
    ['no name', metainfo({ name: undefined })],
    ['two versions that differ', metainfo(version2, { 'piece layers': layers })],
    ['another version', metainfo({ 'meta version': 3, pieces: undefined })],
  ])('with %s is none', (_, bytes) => {
    expect(() => readMetainfo(bytes)).toThrow(expect.objectContaining({ name: 'InvalidMetainfo' }));
  });
});

describe('through the API', () => {
  let world: Swarm;
  let api: TestApi;
  let uploader: string;
  let other: string;
  let moderator: string;
  let category: number;

  beforeAll(async () => {
    world = await swarm();
    api = await startTestApi(world.db, {
      STOA_STORAGE: storage,
      STOA_TRACKER_PUBLIC_URL: 'https://tracker.example',
    });
    [uploader = '', other = '', moderator = ''] = await Promise.all(
      (['user', 'user', 'moderator'] as const).map(async (role, place) =>
        api.signIn(await createUser(world.db, { username: `sharer_${place}`, role })),
      ),
    );
    category = (
      await world.one<{ id: number }>(
        `insert into tracker.categories (name, slug) values ('Music', 'music') returning id`,
      )
    ).id;
  });

  async function done(query: string, token: string, variables: Readonly<Record<string, unknown>> = {}) {
    const { data, errors } = await api.ask(query, { token, variables });
    expect(errors).toEqual([]);
    return data;
  }
  const reasonOf = async (query: string, token: string, variables: Readonly<Record<string, unknown>>) =>
    (await api.ask(query, { token, variables })).errors[0]?.extensions['reason'];

  async function send(
    bytes: Buffer,
    token: string,
    contentType = 'application/x-bittorrent',
  ): Promise<string> {
    const { createUpload } = await done(
      `mutation ($type: String!, $size: BigInt!) {
         createUpload(input: { filename: "a.torrent", contentType: $type, sizeBytes: $size }) {
           upload { id transfer { url } }
         }
       }`,
      token,
      { type: contentType, size: String(bytes.length) },
    );
    const { id, transfer } = createUpload.upload;
    const here = transfer.url.replace('http://localhost:5678', new URL(api.url).origin);
    await fetch(here, {
      method: 'PUT',
      headers: { 'content-type': contentType },
      body: new Uint8Array(bytes),
    });
    await done('mutation ($id: UUID!) { completeUpload(input: { id: $id }) { upload { id } } }', token, {
      id,
    });
    return id;
  }

  const offer = `mutation ($input: UploadTorrentInput!) {
    uploadTorrent(input: $input) { torrent { id name infoHash sizeBytes fileCount moderationStatus } }
  }`;
  const approve = 'mutation ($id: UUID!) { approveTorrent(input: { torrentId: $id }) { clientMutationId } }';
  const download = `mutation ($id: UUID!) {
    downloadTorrent(input: { id: $id }) { filename metainfo torrent { name } }
  }`;

  it('a .torrent file is offered, downloaded with an address of one’s own, and shared by it', async () => {
    const bytes = metainfo({ private: undefined, source: 'elsewhere' });
    const uploadId = await send(bytes, uploader);
    const { uploadTorrent } = await done(offer, uploader, {
      input: { uploadId, categoryId: category, tags: ['jazz'] },
    });
    const { torrent } = uploadTorrent;
    const forced = encode(info({ source: 'elsewhere' }));
    expect(torrent).toMatchObject({
      name: 'Recordings',
      sizeBytes: '20001',
      fileCount: 2,
      moderationStatus: 'pending',
    });
    const [row] = await world.rows<{ info_hash: string }>(
      `select encode(info_hash, 'hex') as info_hash from tracker.torrents where id = $1`,
      [torrent.id],
    );
    expect(row?.info_hash).toBe(sha('sha1', forced));
    expect(await reasonOf(download, other, { id: torrent.id })).toBe('torrent.unknown');
    await done(approve, moderator, { id: torrent.id });

    expect((await api.ask('{ announceUrl }', { token: other })).data).toEqual({ announceUrl: null });
    const { downloadTorrent } = await done(download, other, { id: torrent.id });
    expect(downloadTorrent).toMatchObject({
      filename: 'Recordings.torrent',
      torrent: { name: 'Recordings' },
    });
    const given = Buffer.from(downloadTorrent.metainfo, 'base64');
    expect(given.toString('latin1')).not.toContain('elsewhere.example');
    const { announceUrl } = await done('{ announceUrl }', other);
    expect(announceUrl).toMatch(/^https:\/\/tracker\.example\/[0-9a-f]{32}\/announce$/);
    expect(given).toEqual(
      Buffer.concat([
        Buffer.from('d'),
        encode('announce'),
        encode(announceUrl),
        encode('info'),
        forced,
        Buffer.from('e'),
      ]),
    );

    const origin = `http://127.0.0.1:${api.port}`;
    const client = realClient(
      announceUrl.replace('https://tracker.example', origin),
      sha('sha1', forced),
      'x',
    );
    expect(await client.announce('start', { left: 20_001 })).toMatchObject({ interval: 1800 });

    // A new passkey: the old address is refused, and nobody is in the swarm by it.
    const { resetPasskey } = await done(
      'mutation { resetPasskey(input: {}) { announceUrl query { announceUrl } } }',
      other,
    );
    expect(resetPasskey.announceUrl).not.toBe(announceUrl);
    expect(resetPasskey.query.announceUrl).toBe(resetPasskey.announceUrl);
    expect(await world.peers({ id: torrent.id, infoHash: '' })).toEqual([]);
    const passkeyOf = (url: string): string => new URL(url).pathname.split('/')[1] ?? '';
    const asked = { torrent: { id: torrent.id, infoHash: sha('sha1', forced) }, origin };
    expect(await ask(announceAddress({ ...asked, passkey: passkeyOf(announceUrl) }))).toMatchObject({
      failure: expect.stringContaining('passkey is not known'),
    });
    const renewed = await ask(announceAddress({ ...asked, passkey: passkeyOf(resetPasskey.announceUrl) }));
    expect(renewed.failure).toBeUndefined();
    const kept = JSON.stringify(await world.rows('select * from tracker.passkeys'));
    expect(kept).not.toContain(Buffer.from(passkeyOf(announceUrl)).toString('hex'));
  });

  it('a file that is private already keeps its identity', async () => {
    const uploadId = await send(metainfo({ name: 'Private' }), uploader);
    await done(offer, uploader, { input: { uploadId, categoryId: category, name: 'A name of mine' } });
    expect(
      await world.rows('select name from tracker.torrents where info_hash = $1', [
        Buffer.from(sha('sha1', encode(info({ name: 'Private' }))), 'hex'),
      ]),
    ).toEqual([{ name: 'A name of mine' }]);
  });

  it('two first downloads at once give one passkey', async () => {
    const hash = sha('sha1', encode(info({ name: 'Popular' })));
    const uploadId = await send(metainfo({ name: 'Popular' }), uploader);
    const { uploadTorrent } = await done(offer, uploader, { input: { uploadId, categoryId: category } });
    await done(approve, moderator, { id: uploadTorrent.torrent.id });
    const id = await createUser(world.db, { username: 'newcomer' });
    const newcomer = await api.signIn(id);

    // passkeys_active_key: who comes second waits at it for who came first, and then takes their passkey.
    const passkey = 'f'.repeat(32);
    const box = new SecretBox(Buffer.alloc(32, 7));
    const first = await world.db.pool.connect();
    await first.query('begin');
    await first.query(
      'insert into tracker.passkeys (passkey_hash, user_id, passkey_ciphertext, key_id) values ($1, $2, $3, $4)',
      [sha256(passkey), id, box.seal(Buffer.from(passkey), `passkey:${id}`), box.keyId],
    );
    const second = done(download, newcomer, { id: uploadTorrent.torrent.id });
    await world.untilSomebodyWaits();
    await first.query('commit');
    first.release();
    const given = Buffer.from((await second).downloadTorrent.metainfo, 'base64');
    expect(given.toString('latin1')).toContain(`https://tracker.example/${passkey}/announce`);
    expect(readMetainfo(given).infoHash).toBe(hash);
  });

  it('what is no .torrent file, or not one’s own, is not offered', async () => {
    const broken = await send(Buffer.from('d4:infod6:lengthi1eee'), uploader);
    const text = await send(Buffer.from('just words\n'), uploader, 'text/plain');
    const foreign = await send(metainfo({ name: 'Foreign' }), other);
    const refused = (uploadId: string) =>
      reasonOf(offer, uploader, { input: { uploadId, categoryId: category } });
    expect(await refused(broken)).toBe('torrent.metainfo_invalid');
    expect(await refused(text)).toBe('torrent.upload_unusable');
    expect(await refused(foreign)).toBe('torrent.upload_unusable');
    expect(await refused('0199f3e0-0000-7000-8000-000000000000')).toBe('torrent.upload_unusable');
  });

  it('a torrent whose file is not here is listed and not downloaded', async () => {
    const listed = await world.torrent();
    expect(await reasonOf(download, other, { id: listed.id })).toBe('torrent.metainfo_missing');
  });

  it('visitors have no address, download nothing and offer nothing', async () => {
    expect((await api.ask('{ announceUrl }')).data).toEqual({ announceUrl: null });
    const id = '0199f3e0-0000-7000-8000-000000000000';
    for (const [query, variables] of [
      [download, { id }],
      [offer, { input: { uploadId: id, categoryId: category } }],
      ['mutation { resetPasskey(input: {}) { announceUrl } }', {}],
    ] as const) {
      expect((await api.ask(query, { variables })).errors[0]?.extensions['reason']).toBe('session.required');
    }
  });
});
