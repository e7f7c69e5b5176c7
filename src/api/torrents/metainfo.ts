import { createHash } from 'node:crypto';
import { BencodeError, type Decoded, Dictionary, decode, encode } from '../../bencode.ts';

export interface TorrentFile {
  /** Inside the torrent, with slashes. */
  readonly path: string;
  readonly size: number;
}

/** What a .torrent file says (BEP 3, 52), and what becomes of it here. */
export interface Metainfo {
  readonly name: string;
  /** In hex: SHA-1 of version 1, else SHA-256. */
  readonly infoHash: string;
  /** SHA-256 of a torrent that is both. */
  readonly infoHashV2: string | undefined;
  readonly pieceLength: number;
  /** In their order, without padding. */
  readonly files: readonly TorrentFile[];
  /** The file for one member: this one address, and nothing of who made it or where else it is shared. */
  withAnnounce(url: string): Buffer;
}

/** These bytes are no .torrent file that can be offered. */
export class InvalidMetainfo extends Error {
  override readonly name = 'InvalidMetainfo';
}

function invalid(message: string): never {
  throw new InvalidMetainfo(message);
}

function dictionaryOf(value: Decoded | undefined): Dictionary {
  return value instanceof Dictionary ? value : invalid('A dictionary is missing.');
}

function sizeOf(value: Decoded | undefined): number {
  return typeof value === 'number' && value >= 0 ? value : invalid('A size is missing.');
}

/** One name of a path. What leads elsewhere, on any system, is refused: clients write where it says. */
function nameOf(value: Decoded | undefined): string {
  const name = Buffer.isBuffer(value) ? value.toString('utf8') : '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a name with NUL in it is the subject
  return /^\.{0,2}$|[/\u0000]/.test(name) ? invalid('A file has no proper name.') : name;
}

function pathOf(value: Decoded | undefined): string {
  if (!Array.isArray(value) || value.length === 0) return invalid('A file has no path.');
  return value.map(nameOf).join('/');
}

/** BEP 47: filled with zeros, so that the next file begins with a piece. */
function isPadding(file: Dictionary): boolean {
  const attributes = file.get('attr');
  return Buffer.isBuffer(attributes) && attributes.includes('p');
}

function filesOfVersion1(info: Dictionary, pieces: Buffer, pieceLength: number): TorrentFile[] {
  const list = info.get('files');
  const entries =
    list === undefined
      ? [
          {
            path: nameOf(info.get('name.utf-8') ?? info.get('name')),
            size: sizeOf(info.get('length')),
            isShown: true,
          },
        ]
      : Array.isArray(list)
        ? list.map(dictionaryOf).map((file) => ({
            path: pathOf(file.get('path.utf-8') ?? file.get('path')),
            size: sizeOf(file.get('length')),
            isShown: !isPadding(file),
          }))
        : invalid('There is no list of files.');
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (pieces.length !== 20 * Math.ceil(total / pieceLength))
    invalid('There are not as many pieces as bytes need.');
  return entries.filter(({ isShown }) => isShown).map(({ path, size }) => ({ path, size }));
}

/** A tree of names; what has the empty name is a file. */
function filesOfVersion2(tree: Dictionary, above: readonly string[] = []): TorrentFile[] {
  return [...tree].flatMap(([key, value]) => {
    const entry = dictionaryOf(value);
    if (key === '') return invalid('A folder is a file, too.');
    const path = [...above, nameOf(Buffer.from(key, 'latin1'))];
    const file = entry.get('');
    if (file === undefined) return filesOfVersion2(entry, path);
    if (entry.size !== 1) return invalid('A file is a folder, too.');
    const described = dictionaryOf(file);
    return isPadding(described) ? [] : [{ path: path.join('/'), size: sizeOf(described.get('length')) }];
  });
}

/** Throws InvalidMetainfo. */
export function readMetainfo(bytes: Buffer): Metainfo {
  let content: Decoded;
  try {
    content = decode(bytes);
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new InvalidMetainfo(error.message, { cause: error });
  }
  const metainfo = dictionaryOf(content);
  const info = dictionaryOf(metainfo.get('info'));
  // Private, so that clients ask nobody else for peers (BEP 27). Where it says so already the bytes stay as they are, and
  // with them the identity by which its uploader shares it.
  const raw = info.get('private') === 1 ? info.raw : encode(new Map([...info, ['private', 1]]));
  const pieceLength = info.get('piece length');
  if (typeof pieceLength !== 'number' || pieceLength < 1) return invalid('There is no length of a piece.');

  const pieces = info.get('pieces');
  const isVersion1 = Buffer.isBuffer(pieces);
  const isVersion2 = info.get('meta version') === 2;
  const layers = isVersion2 ? dictionaryOf(metainfo.get('piece layers')) : undefined;
  const tree = isVersion2 ? filesOfVersion2(dictionaryOf(info.get('file tree'))) : undefined;
  const files = isVersion1 ? filesOfVersion1(info, pieces, pieceLength) : tree;
  if (files === undefined) return invalid('It is of no version that is known.');
  if (tree && JSON.stringify(tree) !== JSON.stringify(files)) return invalid('Its two versions differ.');

  const sha = (algorithm: 'sha1' | 'sha256'): string => createHash(algorithm).update(raw).digest('hex');
  return {
    name: nameOf(info.get('name.utf-8') ?? info.get('name')),
    infoHash: sha(isVersion1 ? 'sha1' : 'sha256'),
    infoHashV2: isVersion1 && isVersion2 ? sha('sha256') : undefined,
    pieceLength,
    files,
    withAnnounce: (url) =>
      Buffer.concat([
        Buffer.from('d'),
        encode('announce'),
        encode(url),
        encode('info'),
        raw,
        ...(layers === undefined ? [] : [encode('piece layers'), layers.raw]),
        Buffer.from('e'),
      ]),
  };
}
