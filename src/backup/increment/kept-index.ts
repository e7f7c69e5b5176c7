import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { access, constants, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { loadSecrets } from '../../secrets.ts';
import type { Artifact } from '../vault.ts';
import { BlockIndex } from './index-object.ts';

/*
 * With encrypted backups whoever takes an increment cannot read what the storage has of the one before, and should not
 * have to: the index of its blocks is kept beside the database as well. It holds hashes, paths and sizes of files and no
 * data, but a hash confirms a guess, and who had a copy of this folder could tell whether a block is one that he can make
 * up. So it is kept under AES-256-GCM, with a key of this installation that leaves it with nothing else. A file is the
 * letters STOAKIX1, the nonce (12 bytes), the ciphertext and the tag (16 bytes); the id of the backup is authenticated
 * along with it.
 */
const magic = Buffer.from('STOAKIX1');
const nonceSize = 12;
const tagSize = 16;
const algorithm = 'aes-256-gcm';

/** The newest may turn out not to be whole, and then the one before it is laid over. */
const keptCount = 3;

/** A cipher takes less than 2 GiB at once. */
const pieceSize = 64 * 1024 ** 2;

export interface KeptIndexes {
  /** Whether the next one can be kept: else each increment would be a whole backup. */
  canKeep(): Promise<boolean>;
  keep(id: string, index: Uint8Array): Promise<void>;
  /** Undefined where there is none, or it is not the one that the backup names. */
  read(id: string, artifact: Artifact): Promise<BlockIndex | undefined>;
}

function* inPieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
}

function unsealed(bytes: Buffer, id: string, key: Buffer): Buffer | undefined {
  if (bytes.length < magic.length + nonceSize + tagSize) return undefined;
  if (!bytes.subarray(0, magic.length).equals(magic)) return undefined;
  const begins = magic.length + nonceSize;
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(magic.length, begins));
  decipher.setAAD(Buffer.from(id));
  decipher.setAuthTag(bytes.subarray(bytes.length - tagSize));
  const parts: Buffer[] = [];
  for (const piece of inPieces(bytes.subarray(begins, bytes.length - tagSize)))
    parts.push(decipher.update(piece));
  try {
    parts.push(decipher.final());
  } catch {
    return undefined;
  }
  return Buffer.concat(parts);
}

export function keptIndexes(folder: string, installationKey: Buffer): KeptIndexes {
  const key = Buffer.from(hkdfSync('sha256', installationKey, '', 'stoa block index', 32));
  const pathOf = (id: string): string => join(folder, `${id}.index`);
  return {
    async canKeep() {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await access(folder, constants.W_OK);
        return true;
      } catch {
        return false;
      }
    },
    async keep(id, index) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const nonce = randomBytes(nonceSize);
      const cipher = createCipheriv(algorithm, key, nonce);
      cipher.setAAD(Buffer.from(id));
      const unfinished = `${pathOf(id)}.unfinished`;
      try {
        const file = await open(unfinished, 'w', 0o600);
        try {
          await file.appendFile(Buffer.concat([magic, nonce]));
          for (const piece of inPieces(index)) await file.appendFile(cipher.update(piece));
          cipher.final();
          await file.appendFile(cipher.getAuthTag());
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(unfinished, pathOf(id));
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
      const names = (await readdir(folder)).filter((name) => name.endsWith('.index')).sort();
      for (const name of names.slice(0, -keptCount)) await rm(join(folder, name), { force: true });
    },
    async read(id, artifact) {
      const bytes = await readFile(pathOf(id)).catch(() => undefined);
      const index = bytes && unsealed(bytes, id, key);
      // What the entry of the backup says of it decides, whoever has written it.
      if (index === undefined || index.length !== artifact.size) return undefined;
      if (createHash('sha256').update(index).digest('hex') !== artifact.sha256) return undefined;
      return BlockIndex.decode(index);
    },
  };
}

/** Those of an installation; undefined where its backups are not encrypted, and everybody here can read them. */
export function openKeptIndexes(
  config: Pick<Config, 'backup' | 'dataDir' | 'secretKey'>,
): KeptIndexes | undefined {
  if (config.backup.recipients.length === 0) return undefined;
  return keptIndexes(config.backup.blockIndex, config.secretKey ?? loadSecrets(config.dataDir).secretKey);
}
