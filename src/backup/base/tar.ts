/** What a tar archive of a data directory holds, as PostgreSQL writes it (ustar; manual, section 54.4). */
export interface TarEntry {
  readonly path: string;
  readonly size: number;
  readonly kind: 'file' | 'folder' | 'link';
  readonly mode: number;
}

export type TarEvent =
  | { readonly kind: 'begin'; readonly entry: TarEntry }
  /** A view: copy what is kept. */
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end'; readonly entry: TarEntry };

/** What arrived is no archive, or not the whole of one. */
export class TarError extends Error {}

const blockSize = 512;

function textAt(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString('utf8');
}

/** Octal digits; from 8 GB on base 256, which the highest bit of the first byte says. */
function numberAt(header: Buffer, start: number, length: number): number {
  if ((header.readUInt8(start) & 0x80) === 0) {
    const text = textAt(header, start, length).trim();
    if (!/^[0-7]*$/.test(text)) throw new TarError('a number in a header is none');
    return Number.parseInt(text || '0', 8);
  }
  return Number(BigInt(`0x${header.subarray(start + length - 8, start + length).toString('hex')}`));
}

function kindOf(type: string): TarEntry['kind'] {
  if (type === '0' || type === '\0') return 'file';
  if (type === '5') return 'folder';
  if (type === '2') return 'link';
  throw new TarError(`there is an entry of the type ${JSON.stringify(type)}`);
}

function readHeader(header: Buffer): TarEntry {
  let sum = 0;
  for (let at = 0; at < blockSize; at += 1) sum += at >= 148 && at < 156 ? 0x20 : header.readUInt8(at);
  if (sum !== numberAt(header, 148, 8)) throw new TarError('the checksum of a header is wrong');
  const prefix = textAt(header, 345, 155);
  const name = textAt(header, 0, 100);
  const path = (prefix === '' ? name : `${prefix}/${name}`).replace(/^\.\//, '').replace(/\/$/, '');
  if (path.startsWith('/') || path.split('/').some((part) => part === '..')) {
    throw new TarError(`an entry lies outside: ${path}`);
  }
  const kind = kindOf(String.fromCharCode(header.readUInt8(156)));
  return { path, size: numberAt(header, 124, 12), kind, mode: numberAt(header, 100, 8) & 0o777 };
}

/** What leads to a tablespace, as a server before 16 sends it. */
export function isTablespaceLink({ kind, path }: Pick<TarEntry, 'kind' | 'path'>): boolean {
  return kind === 'link' && /^pg_tblspc\/\d+$/.test(path);
}

/** Takes an archive in pieces of any size. */
export class TarReader {
  #header: Buffer = Buffer.alloc(0);
  #entry: TarEntry | undefined;
  #left = 0;
  #padding = 0;
  #isOver = false;
  readonly #within: string;

  /** `within` is put before each path: where what is archived belongs. */
  constructor(within = '') {
    this.#within = within === '' ? '' : `${within}/`;
  }

  *feed(bytes: Buffer): Generator<TarEvent> {
    let rest = bytes;
    while (rest.length > 0 && !this.#isOver) {
      if (this.#entry && this.#left > 0) {
        const data = rest.subarray(0, this.#left);
        this.#left -= data.length;
        rest = rest.subarray(data.length);
        yield { kind: 'data', bytes: data };
        if (this.#left === 0) yield* this.#finish();
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, rest.length);
        this.#padding -= skipped;
        rest = rest.subarray(skipped);
      } else {
        const wanted = blockSize - this.#header.length;
        this.#header = Buffer.concat([this.#header, rest.subarray(0, wanted)]);
        rest = rest.subarray(wanted);
        if (this.#header.length === blockSize) yield* this.#begin();
      }
    }
  }

  *#begin(): Generator<TarEvent> {
    const header = this.#header;
    this.#header = Buffer.alloc(0);
    if (header.every((byte) => byte === 0)) {
      this.#isOver = true;
      return;
    }
    const read = readHeader(header);
    const entry = { ...read, path: `${this.#within}${read.path}` };
    this.#entry = entry;
    this.#left = entry.kind === 'file' ? entry.size : 0;
    this.#padding = (blockSize - (this.#left % blockSize)) % blockSize;
    yield { kind: 'begin', entry };
    if (this.#left === 0) yield* this.#finish();
  }

  *#finish(): Generator<TarEvent> {
    if (this.#entry) yield { kind: 'end', entry: this.#entry };
    this.#entry = undefined;
  }

  /** Call it after the last piece. */
  end(): void {
    if (!this.#isOver) throw new TarError('it is cut short');
  }
}
