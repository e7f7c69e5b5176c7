/**
 * Bencoding (BEP 3) of strangers' bytes. The decoder keeps what the known libraries lose and a tracker lives on: the
 * exact bytes of a dictionary, over which an info hash is taken, and keys that are no text, which the piece layers of BEP 52 are.
 * It refuses what has no one reading: lengths that are negative or lead past the end, leading zeros, keys that come
 * twice, anything after the end, and nesting without end.
 */
export type Bencoded =
  | number
  | bigint
  | Uint8Array
  | string
  | readonly Bencoded[]
  | ReadonlyMap<string, Bencoded>;

/** What decoding gives: texts are bytes, and a dictionary remembers its own. */
export type Decoded = number | bigint | Buffer | Decoded[] | Dictionary;

/** Keys are bytes, one character each (latin1). */
export class Dictionary extends Map<string, Decoded> {
  /** As it was written. */
  raw: Buffer = Buffer.alloc(0);
}

export class BencodeError extends Error {
  override readonly name = 'BencodeError';
}

/** Deeper than folders go. */
const maxDepth = 200;

const [letterI, letterL, letterD, letterE, colon, minus, zero, nine] = Buffer.from('ilde:-09');

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  whole(): Decoded {
    const value = this.#value(0);
    if (this.#at !== this.#bytes.length) throw new BencodeError('There are bytes after the end.');
    return value;
  }

  #value(depth: number): Decoded {
    if (depth > maxDepth) throw new BencodeError('It is nested too deeply.');
    switch (this.#bytes[this.#at]) {
      case letterI:
        this.#at += 1;
        return this.#integer();
      case letterL:
        this.#at += 1;
        return this.#list(depth);
      case letterD:
        return this.#dictionary(depth);
      default:
        return this.#string();
    }
  }

  /** Digits up to a terminator, which is passed over. */
  #digits(terminator: number | undefined, longest: number): string {
    const start = this.#at;
    if (this.#bytes[this.#at] === minus) this.#at += 1;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || zero === undefined || nine === undefined || byte < zero || byte > nine) break;
      this.#at += 1;
    }
    const text = this.#bytes.toString('latin1', start, this.#at);
    if (this.#bytes[this.#at] !== terminator || text.length > longest || !/^(?:0|-?[1-9]\d*)$/.test(text)) {
      throw new BencodeError(`There is no number at byte ${start}.`);
    }
    this.#at += 1;
    return text;
  }

  #integer(): number | bigint {
    const text = this.#digits(letterE, 20);
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : BigInt(text);
  }

  #string(): Buffer {
    const length = Number(this.#digits(colon, 10));
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw new BencodeError('A text leads past the end.');
    const text = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return text;
  }

  #isEnd(): boolean {
    if (this.#bytes[this.#at] !== letterE) return false;
    this.#at += 1;
    return true;
  }

  #list(depth: number): Decoded[] {
    const list: Decoded[] = [];
    while (!this.#isEnd()) list.push(this.#value(depth + 1));
    return list;
  }

  #dictionary(depth: number): Dictionary {
    const start = this.#at;
    this.#at += 1;
    const dictionary = new Dictionary();
    while (!this.#isEnd()) {
      const key = this.#string().toString('latin1');
      if (dictionary.has(key)) throw new BencodeError('A dictionary has a key twice.');
      dictionary.set(key, this.#value(depth + 1));
    }
    dictionary.raw = this.#bytes.subarray(start, this.#at);
    return dictionary;
  }
}

/** Throws a BencodeError. The result shares the memory of `bytes`. */
export function decode(bytes: Uint8Array): Decoded {
  return new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).whole();
}

function write(value: Bencoded, parts: Uint8Array[]): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    parts.push(Buffer.from(`i${value}e`, 'latin1'));
  } else if (typeof value === 'string') {
    write(Buffer.from(value, 'utf8'), parts);
  } else if (value instanceof Uint8Array) {
    parts.push(Buffer.from(`${value.length}:`, 'latin1'), value);
  } else if (value instanceof Map) {
    parts.push(Buffer.from('d'));
    // Sorted by bytes, which one character each of latin1 is.
    for (const key of [...value.keys()].sort()) {
      write(Buffer.from(key, 'latin1'), parts);
      write(value.get(key) ?? '', parts);
    }
    parts.push(Buffer.from('e'));
  } else if (Array.isArray(value)) {
    parts.push(Buffer.from('l'));
    for (const item of value) write(item, parts);
    parts.push(Buffer.from('e'));
  }
}

/** Texts are written as UTF-8, keys as latin1. */
export function encode(value: Bencoded): Buffer {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}
