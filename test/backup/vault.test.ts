import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { zstdDecompressSync } from 'node:zlib';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, describe, expect, test } from 'vitest';
import { decryptWith, encryptFor } from '../../src/backup/age.ts';
import { openVault } from '../../src/backup/vault.ts';
import { folderStorage } from '../../src/storage/folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-vault-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const storage = folderStorage(folder);

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const escrow = await generateX25519Identity();
const escrowRecipient = await identityToRecipient(escrow);

const chunk = 64 * 1024;
/** Around the size of a chunk, where counting goes wrong. */
const sizes = [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 3 * chunk + 7];

/** In pieces of an odd size, as a socket gives them. */
function inPieces(bytes: Buffer, size = 10_007): Readable {
  return Readable.from(
    (function* pieces() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })(),
    { objectMode: false },
  );
}

async function sealFor(recipients: readonly string[], plain: Buffer): Promise<Buffer> {
  const encrypt = await encryptFor(recipients);
  const pieces: Buffer[] = [];
  // Each is overwritten by the next.
  for await (const piece of encrypt(inPieces(plain))) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe('the age format', () => {
  test.each(sizes)('%i bytes are opened by the library of the format, for each recipient', async (size) => {
    const plain = randomBytes(size);
    const sealed = await sealFor([recipient, escrowRecipient], plain);
    for (const key of [identity, escrow]) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(key);
      expect(plain.equals(Buffer.from(await decrypter.decrypt(sealed)))).toBe(true);
    }
  });

  test.each(sizes)('%i bytes that the library wrote are opened', async (size) => {
    const plain = randomBytes(size);
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    const sealed = Buffer.from(await encrypter.encrypt(plain));
    expect(plain.equals(await buffer(inPieces(sealed).pipe(decryptWith([identity]))))).toBe(true);
  });

  test('every kind of damage is noticed', async () => {
    const sealed = await sealFor([recipient], randomBytes(3 * chunk));
    const open = (bytes: Buffer) => buffer(inPieces(bytes).pipe(decryptWith([identity])));
    const flipped = (at: number) => {
      const copy = Buffer.from(sealed);
      copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
      return copy;
    };
    const sealedChunk = chunk + 16;
    const payload = sealed.length - 3 * sealedChunk;
    const swapped = Buffer.concat([
      sealed.subarray(0, payload),
      sealed.subarray(payload + sealedChunk, payload + 2 * sealedChunk),
      sealed.subarray(payload, payload + sealedChunk),
      sealed.subarray(payload + 2 * sealedChunk),
    ]);
    const faults = {
      'a byte of the header’s digest': flipped(payload - 20),
      'a byte of the first chunk': flipped(payload + 5),
      'a byte of the last': flipped(sealed.length - 5),
      'two chunks that changed places': swapped,
      'the last chunk missing': sealed.subarray(0, sealed.length - sealedChunk),
      'one byte missing': sealed.subarray(0, sealed.length - 1),
      'only a header': sealed.subarray(0, payload),
      'half a header': sealed.subarray(0, 60),
      'nothing at all': Buffer.alloc(0),
      'something behind it': Buffer.concat([sealed, Buffer.from('x')]),
      'something else': randomBytes(1000),
    };
    for (const [fault, bytes] of Object.entries(faults)) {
      await expect(open(bytes), fault).rejects.toMatchObject({ code: 'backup.damaged' });
    }
  });

  test('another key, and what is no key, are told apart from damage', async () => {
    const sealed = await sealFor([recipient], randomBytes(10));
    await expect(buffer(inPieces(sealed).pipe(decryptWith([escrow])))).rejects.toMatchObject({
      code: 'backup.no_key',
    });
    // Whoever damages the part that is for a key makes it one for nobody.
    const forNobody = Buffer.from(sealed);
    forNobody.writeUInt8(forNobody.readUInt8(40) ^ 1, 40);
    await expect(buffer(inPieces(forNobody).pipe(decryptWith([identity])))).rejects.toMatchObject({
      code: expect.stringMatching(/^backup\.(no_key|damaged)$/),
    });
    await expect(buffer(inPieces(sealed).pipe(decryptWith([])))).rejects.toMatchObject({
      code: 'backup.no_key',
    });
    await expect(buffer(inPieces(sealed).pipe(decryptWith(['hunter2'])))).rejects.toMatchObject({
      code: 'backup.bad_identity',
      message: expect.not.stringContaining('hunter2'),
    });
    await expect(encryptFor(['age1nonsense'])).rejects.toMatchObject({ code: 'backup.bad_recipient' });
  });
});

describe('the vault', () => {
  const sealed = openVault({ storage, recipients: [recipient], identities: [identity] });
  const writer = openVault({ storage, recipients: [recipient], identities: [] });
  const open = openVault({ storage, recipients: [], identities: [] });
  const text = Buffer.from('all that is said here is said again. '.repeat(20_000));

  test('what was written comes out again, compressed and encrypted in between', async () => {
    const seen: number[] = [];
    const artifact = await writer.write('a/one', inPieces(text), { onProgress: (bytes) => seen.push(bytes) });
    expect(artifact).toMatchObject({ key: 'a/one.zst.age', size: text.length });
    expect(artifact.storedSize).toBeLessThan(text.length / 10);
    expect(seen.at(-1)).toBe(text.length);
    expect(text.equals(await buffer(await sealed.read(artifact)))).toBe(true);
    await writer.check(artifact);

    const bytes = readFileSync(join(folder, artifact.key));
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    expect(text.equals(zstdDecompressSync(await decrypter.decrypt(bytes)))).toBe(true);
    await expect(buffer(await writer.read(artifact))).rejects.toMatchObject({ code: 'backup.no_key' });
  });

  test('without recipients it is only compressed', async () => {
    const artifact = await open.write('a/two', text);
    expect(artifact.key).toBe('a/two.zst');
    expect(text.equals(zstdDecompressSync(readFileSync(join(folder, artifact.key))))).toBe(true);
    expect(text.equals(await buffer(await open.read(artifact)))).toBe(true);
  });

  test.each([
    ['zst.age', sealed, { method: 'zstd', level: 3 }],
    ['zst', open, { method: 'zstd', level: 3 }],
    ['age', sealed, { method: 'none' }],
    ['', open, { method: 'none' }],
  ] as const)(
    'pieces may be overwritten once they are given back (%s)',
    async (ending, vault, compression) => {
      // One piece that is filled again and again, of a size that is no multiple of a chunk.
      const memory = Buffer.from(new ArrayBuffer(100_003));
      let isFree = true;
      async function* filled(): AsyncGenerator<Buffer<ArrayBuffer>> {
        for (let n = 0; n < 20; n += 1) {
          // As a server does, it sends while there is memory and waits where there is none.
          const bytes = isFree ? memory : Buffer.from(new ArrayBuffer(memory.length));
          isFree = false;
          yield bytes.fill(`${n} says what is said. `);
        }
      }
      const written = Buffer.concat(
        Array.from({ length: 20 }, (_, n) => Buffer.alloc(memory.length, `${n} says what is said. `)),
      );
      let returned = 0;
      const artifact = await vault.write('a/six', filled(), {
        compression,
        recycle(bytes) {
          returned += 1;
          bytes.fill(0);
          if (bytes.buffer === memory.buffer) isFree = true;
        },
      });
      expect(artifact.key).toBe(['a/six', ending].filter((part) => part !== '').join('.'));
      expect(written.equals(await buffer(await vault.read(artifact)))).toBe(true);
      expect(returned).toBe(20);
      await vault.check(artifact);
    },
  );

  test('a storage that takes no more ends a source that waits', async () => {
    const waiting = new Readable({ read() {} });
    waiting.push(randomBytes(3_000_000));
    const full = { ...storage, put: () => Promise.reject(new Error('no more')) };
    const vault = openVault({ storage: full, recipients: [recipient], identities: [] });
    await expect(vault.write('a/seven', waiting)).rejects.toThrow('no more');
    expect(waiting.destroyed).toBe(true);
  });

  test('a source that breaks leaves no object', async () => {
    const broken = Readable.from(
      (function* pieces() {
        yield text.subarray(0, 100_000);
        throw new Error('the connection was lost');
      })(),
      { objectMode: false },
    );
    await expect(writer.write('a/three', broken)).rejects.toThrow('the connection was lost');
    expect(await storage.head('a/three.zst.age')).toBeUndefined();
  });

  test.each(['zstd', 'none'] as const)(
    'a byte that changed, missing bytes, and another object are noticed by both (%s)',
    async (method) => {
      const compression = method === 'none' ? { method } : { method, level: 1 };
      for (const vault of [sealed, open]) {
        const artifact = await vault.write('a/four', randomBytes(300_000), { compression });
        const path = join(folder, artifact.key);
        const good = readFileSync(path);
        const flipped = Buffer.from(good);
        flipped.writeUInt8(flipped.readUInt8(good.length - 9) ^ 4, good.length - 9);
        const other = readFileSync(
          join(folder, (await vault.write('a/five', randomBytes(300_000), { compression })).key),
        );
        for (const bytes of [flipped, good.subarray(0, good.length - 3), other]) {
          writeFileSync(path, bytes);
          await expect(buffer(await vault.read(artifact))).rejects.toMatchObject({ code: 'backup.damaged' });
          await expect(vault.check(artifact)).rejects.toMatchObject({ code: 'backup.damaged' });
        }
        rmSync(path);
        await expect(vault.read(artifact)).rejects.toMatchObject({ code: 'storage.missing' });
        await expect(vault.check(artifact)).rejects.toMatchObject({ code: 'storage.missing' });
      }
    },
  );
});
