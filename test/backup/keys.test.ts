import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Decrypter } from 'age-encryption';
import { afterAll, describe, expect, test } from 'vitest';
import { readEntry, writeEntry } from '../../src/backup/catalog.ts';
import { writeHeader } from '../../src/backup/keys/header.ts';
import { keyFile, newKeyPair, recipientOf } from '../../src/backup/keys/pair.ts';
import { rewrap } from '../../src/backup/keys/rewrap.ts';
import { identitiesOf } from '../../src/backup/open.ts';
import { openVault } from '../../src/backup/vault.ts';
import { archiveWal } from '../../src/backup/wal-archive.ts';
import { folderStorage } from '../../src/storage/folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const storage = folderStorage(folder);

const [old, fresh, escrow, stranger] = [
  await newKeyPair(),
  await newKeyPair(),
  await newKeyPair(),
  await newKeyPair(),
];

test('a pair is a file of age-keygen: what is read from it is the private half', async () => {
  const text = keyFile(fresh, new Date());
  expect(identitiesOf(text)).toEqual([fresh.identity]);
  expect(text).toContain(`# public key: ${await recipientOf(fresh.identity)}`);
  await expect(recipientOf('AGE-SECRET-KEY-1NONE')).rejects.toMatchObject({ code: 'backup.bad_identity' });
});

test('a header of ours gives the library of the format the file key, for each recipient and nobody else', async () => {
  const fileKey = Buffer.from('0123456789abcdef');
  const header = writeHeader(fileKey, [fresh.recipient, escrow.recipient]);
  for (const { identity } of [fresh, escrow]) {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    expect(Buffer.from(await decrypter.decryptHeader(header)).equals(fileKey)).toBe(true);
  }
  const decrypter = new Decrypter();
  decrypter.addIdentity(stranger.identity);
  await expect(decrypter.decryptHeader(header)).rejects.toThrow();
  const mistyped = fresh.recipient.replace(/.$/, (digit) => (digit === 'q' ? 'p' : 'q'));
  for (const wrong of ['age1nonsense', mistyped, fresh.recipient.slice(0, -1), fresh.identity]) {
    expect(() => writeHeader(fileKey, [wrong]), wrong).toThrow('no age recipient');
  }
});

describe('after a change of keys', async () => {
  const text = Buffer.from('all that was said. '.repeat(20_000));
  const before = openVault({ storage, recipients: [old.recipient], identities: [] });
  const artifact = await before.write('backups/20261121T030000Z-base-aaaaaa/base.tar', text);
  await writeEntry(storage, {
    format: 1,
    id: '20261121T030000Z-base-aaaaaa',
    kind: 'base',
    startedAt: '2026-11-21T03:00:00Z',
    finishedAt: '2026-11-21T03:01:00Z',
    serverVersion: 180004,
    systemIdentifier: '7710338095299045802',
    recipients: [old.recipient],
    artifacts: { 'base.tar': artifact },
    timeline: 1,
    startLsn: '0/2000028',
    endLsn: '0/2000120',
  });
  const wal = await archiveWal(before, '000000010000000000000003', text, '7710338095299045802');
  const stored = readFileSync(join(folder, artifact.key));
  const recipients = [fresh.recipient, escrow.recipient];
  const openWith = (identity: string) => openVault({ storage, recipients, identities: [identity] });

  test('the new one opens nothing of before, until it is wrapped for it', async () => {
    await expect(buffer(await openWith(fresh.identity).read(artifact))).rejects.toMatchObject({
      code: 'backup.no_key',
    });
    await expect(
      rewrap({ vault: openWith(fresh.identity), identities: [stranger.identity] }),
    ).rejects.toMatchObject({ code: 'backup.no_key' });
    await expect(rewrap({ vault: before, identities: [old.identity] })).resolves.toMatchObject({
      objects: 2,
    });

    const result = await rewrap({ vault: openWith(old.identity), identities: [old.identity] });
    expect(result).toEqual({ objects: 2, backups: ['20261121T030000Z-base-aaaaaa'] });
    for (const { identity } of [fresh, escrow, old]) {
      expect(text.equals(await buffer(await openWith(identity).read(artifact)))).toBe(true);
      expect(text.equals(await buffer(await openWith(identity).read(wal.artifact)))).toBe(true);
    }
    await expect(buffer(await openWith(stranger.identity).read(artifact))).rejects.toMatchObject({
      code: 'backup.no_key',
    });
    // What was stored is byte for byte what it was, and the entry says who can read it.
    expect(readFileSync(join(folder, artifact.key)).equals(stored)).toBe(true);
    await openWith(fresh.identity).check(artifact);
    expect((await readEntry(storage, '20261121T030000Z-base-aaaaaa')).recipients).toEqual([
      old.recipient,
      fresh.recipient,
      escrow.recipient,
    ]);
  });

  test('it is wrapped again from a header that was written later', async () => {
    const next = await newKeyPair();
    const vault = openVault({ storage, recipients: [next.recipient], identities: [fresh.identity] });
    await rewrap({ vault, identities: [fresh.identity] });
    expect(text.equals(await buffer(await openWith(next.identity).read(artifact)))).toBe(true);
  });

  test('a header of another file opens nothing', async () => {
    const other = await before.write('backups/20261121T030000Z-base-aaaaaa/other', text);
    await storage.put(`${other.key}.header`, writeHeader(Buffer.alloc(16), [fresh.recipient]));
    await expect(buffer(await openWith(fresh.identity).read(other))).rejects.toMatchObject({
      code: 'backup.damaged',
    });
  });

  test('by hand: the header in place of the old one, and any program of the format', async () => {
    const again = openVault({ storage, recipients, identities: [old.identity] });
    await rewrap({ vault: again, identities: [old.identity] });
    const path = join(folder, artifact.key);
    // As docs/operations/backups.md says it.
    const file = execFileSync('sh', [
      '-c',
      'n=$(($(LC_ALL=C sed "/^---/q" "$1" | wc -c) + 1)); cat "$1.header"; tail -c +$n "$1"',
      'sh',
      path,
    ]);
    const decrypter = new Decrypter();
    decrypter.addIdentity(escrow.identity);
    const { zstdDecompressSync } = await import('node:zlib');
    expect(text.equals(zstdDecompressSync(await decrypter.decrypt(file)))).toBe(true);
  });
});
