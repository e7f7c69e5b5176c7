import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, describe, expect, test } from 'vitest';
import { createBaseBackup } from '../../src/backup/base/create.ts';
import { Inspecting } from '../../src/backup/base/inspecting.ts';
import { compareFiles, parseManifest } from '../../src/backup/base/manifest.ts';
import { TarError, TarReader } from '../../src/backup/base/tar.ts';
import type { Compression } from '../../src/backup/compression.ts';
import { entriesOf, indexOf } from '../../src/backup/increment/entries.ts';
import { startBaseBackup } from '../../src/backup/replication/base-backup.ts';
import { connectReplication, openReplication } from '../../src/backup/replication/connection.ts';
import { CopySocket } from '../../src/backup/replication/copy-socket.ts';
import { checkBase } from '../../src/backup/restore/unpack.ts';
import { openVault } from '../../src/backup/vault.ts';
import { verifyBackup } from '../../src/backup/verify.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { s3Storage } from '../../src/storage/s3.ts';
import { startFaultyS3 } from './faulty-s3.ts';
import { fillSource, onlyArchive, startSource } from './source.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-stream-'));
const source = await startSource(18);
const service = await startFaultyS3('backups');
afterAll(async () => {
  await service.close();
  await source.remove();
  rmSync(root, { recursive: true, force: true });
});
await fillSource(source);

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const none: Compression = { method: 'none' };
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const inBucket = () =>
  s3Storage({
    bucket: 'backups',
    prefix: '',
    endpoint: service.endpoint,
    region: 'local',
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    partBytes: 5 * 1024 * 1024,
  });

function message(kind: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

describe('the connection of a base backup', () => {
  test.each([1, 3, 6, 1000])('tells messages apart that arrive %i bytes at a time', async (size) => {
    const bytes = Buffer.concat([
      message('S', Buffer.from('a setting\0')),
      message('d', Buffer.from('dfirst piece')),
      message('d', Buffer.from('n')),
      message('c', Buffer.alloc(0)),
      message('d', Buffer.from('dsecond piece')),
      message('Z', Buffer.from('I')),
    ]);
    const server = createServer(async (peer) => {
      peer.setNoDelay(true);
      for (let at = 0; at < bytes.length; at += size) {
        peer.write(bytes.subarray(at, at + size));
        await turn();
      }
      peer.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = new CopySocket();
    const taken: string[] = [];
    socket.taker = {
      begin: (kind) => taken.push(`${String.fromCharCode(kind)}:`),
      data: (piece) => taken.push(piece.toString()),
    };
    const others: string[] = [];
    socket.on('data', (whole: Buffer) => others.push(whole.toString('latin1')));
    socket.connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'end');
    expect(taken.join('')).toBe('d:first piecen:d:second piece');
    expect(others).toEqual(['S\0\0\0\u000ea setting\0', 'c\0\0\0\u0004', 'Z\0\0\0\u0005I']);
    socket.destroy();
    server.close();
  });

  test.each([
    ['reading by itself', () => connectReplication(source.url, 'test')],
    ['through pg, as over TLS', () => openReplication(source.url, 'test')],
  ])('%s gives what the manifest says, in blocks that are filled again', async (_name, connect) => {
    const client = await connect();
    const backup = startBaseBackup(client, { label: 'test' });
    const memory = new Set<ArrayBufferLike>();
    let blocks = 0;
    async function* overwritten(): AsyncGenerator<Buffer<ArrayBuffer>> {
      for await (const block of await onlyArchive(backup)) {
        yield block;
        blocks += 1;
        memory.add(block.buffer);
        backup.recycle(block.fill(0));
      }
    }
    const files = new Map<string, { size: number; sha256: string }>();
    let hash = createHash('sha256');
    for await (const event of entriesOf(overwritten(), new TarReader())) {
      if (event.kind === 'begin') hash = createHash('sha256');
      else if (event.kind === 'data') hash.update(event.bytes);
      else if (event.entry.kind === 'file') {
        files.set(event.entry.path, { size: event.entry.size, sha256: hash.digest('hex') });
      }
    }
    expect(compareFiles(parseManifest((await backup.ended).manifest), files)).toEqual([]);
    expect(blocks).toBeGreaterThan(30);
    expect(memory.size).toBeLessThan(blocks / 2);
    await client.end();
  });
});

describe('an archive that is inspected in a thread', () => {
  const pieces = async function* (bytes: Buffer): AsyncGenerator<Buffer<ArrayBuffer>> {
    for (let at = 0; at < bytes.length; at += 700) {
      const piece = Buffer.from(new ArrayBuffer(Math.min(700, bytes.length - at)));
      bytes.copy(piece, 0, at);
      yield piece;
    }
  };
  const through = async (bytes: Buffer, approve: () => void = () => {}): Promise<Buffer> => {
    const inspecting = new Inspecting({ hasIndex: false, approve });
    const out: Buffer[] = [];
    try {
      for await (const piece of inspecting.pass(pieces(bytes))) out.push(piece);
    } finally {
      await inspecting.close();
    }
    return Buffer.concat(out);
  };
  const archived = join(root, 'archived');
  mkdirSync(archived);
  const archive = execFileSync('tar', ['-c', '--format=ustar', '-C', join(import.meta.dirname), 'source.ts']);

  test('passes as it came', async () => {
    expect((await through(archive)).equals(archive)).toBe(true);
  });

  test('breaks where it is none, where it is cut short, and where it is not approved', async () => {
    await expect(through(Buffer.alloc(2_000, 'x'))).rejects.toThrow(TarError);
    await expect(through(archive.subarray(0, 1_500))).rejects.toThrow('it is cut short');
    const refused = new Error('one file is another');
    await expect(
      through(archive, () => {
        throw refused;
      }),
    ).rejects.toBe(refused);
  });
});

describe('a base backup that is not compressed', () => {
  test('is a plain archive, which the manifest has the digests of, with the index of its blocks', async () => {
    const folder = join(root, 'plain');
    const vault = openVault({ storage: folderStorage(folder), recipients: [], identities: [] });
    const entry = await createBaseBackup({ url: source.url, vault, compression: none, hasIndex: true });
    const archive = entry.artifacts['base.tar'];
    const bytes = readFileSync(join(folder, archive?.key ?? ''));
    expect(archive).toEqual({
      key: `backups/${entry.id}/base.tar`,
      size: bytes.length,
      storedSize: bytes.length,
    });
    await checkBase({ vault, entry, owner: undefined });
    const index = await indexOf(entriesOf(one(bytes), new TarReader()));
    expect(digestOf(index.encode())).toBe(entry.artifacts['blocks.index']?.sha256);
    const data = join(root, 'data');
    mkdirSync(data);
    execFileSync('tar', ['-x', '-f', join(folder, archive?.key ?? ''), '-C', data]);
    expect(readdirSync(data)).toContain('PG_VERSION');
    await vault.check(entry.artifacts['base.tar'] ?? never());
  });

  test('is looked into when it is verified, because there is no digest of the whole', async () => {
    const folder = join(root, 'verified');
    const vault = openVault({ storage: folderStorage(folder), recipients: [], identities: [] });
    const { id, artifacts } = await createBaseBackup({ url: source.url, vault, compression: none });
    const path = join(folder, artifacts['base.tar']?.key ?? '');
    const bytes = readFileSync(path);
    const faults = async (changed: Uint8Array): Promise<readonly string[]> => {
      writeFileSync(path, changed);
      return (await verifyBackup({ vault, id })).faults;
    };
    expect(await faults(bytes)).toEqual([]);
    const inFile = Buffer.from(bytes);
    const at = bytes.indexOf('PG_VERSION') + 512;
    inFile.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    expect(await faults(inFile)).toEqual([expect.stringContaining('PG_VERSION is not what the server read')]);
    const inHeader = Buffer.from(bytes);
    inHeader.write('X', bytes.indexOf('PG_VERSION'));
    expect(await faults(inHeader)).toEqual([expect.stringContaining('the checksum of a header is wrong')]);
    expect(await faults(bytes.subarray(0, -1))).toEqual([expect.stringContaining('in place of')]);
    rmSync(path);
    expect((await verifyBackup({ vault, id })).faults).toEqual([
      expect.stringContaining('there is no object'),
    ]);
  });

  test.each([
    ['encrypted', [recipient], 'base.tar.age'],
    ['in the clear', [], 'base.tar'],
  ])('is whole in a bucket, %s', async (_name, recipients, name) => {
    const storage = inBucket();
    const vault = openVault({ storage, recipients, identities: [identity] });
    const entry = await createBaseBackup({ url: source.url, vault, compression: none });
    expect(entry.artifacts['base.tar']?.key).toBe(`backups/${entry.id}/${name}`);
    await checkBase({ vault, entry, owner: undefined });
    storage.close();
  });
});

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function never(): never {
  throw new Error('there is no archive');
}
