import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export const uploadsPath = '/uploads/';
export const filesPath = '/files/';

export function isFilePath(path: string): boolean {
  return path.startsWith(uploadsPath) || path.startsWith(filesPath);
}

/** What an address lets its holder do. */
export type Purpose = 'send' | 'fetch';

const paths: Readonly<Record<Purpose, string>> = { send: uploadsPath, fetch: filesPath };

/**
 * Addresses of files that need no session: whoever has one may send or fetch that file until it expires, so it is
 * given only where the row that shows the file can be read. HMAC-SHA-256 under a key derived from the installation's.
 */
export class FileAddresses {
  readonly #key: Buffer;

  constructor(secretKey: Buffer) {
    this.#key = Buffer.from(hkdfSync('sha256', secretKey, '', 'stoa file addresses', 32));
  }

  #signature(purpose: Purpose, id: string, expires: number): Buffer {
    return createHmac('sha256', this.#key).update(`${purpose}\n${id}\n${expires}`).digest();
  }

  /** Path and query. Rounded up to a minute, so that a page that is loaded twice finds its pictures in the cache. */
  sign(purpose: Purpose, id: string, seconds: number, now = Date.now()): { path: string; expiresAt: Date } {
    const expires = Math.ceil((now / 1000 + seconds) / 60) * 60;
    const signature = this.#signature(purpose, id, expires).toString('base64url');
    return {
      path: `${paths[purpose]}${id}?expires=${expires}&signature=${signature}`,
      expiresAt: new Date(expires * 1000),
    };
  }

  /** The id of the file, or undefined for an address that was not signed here or is not good any more. */
  verify(purpose: Purpose, url: string, now = Date.now()): string | undefined {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const id = pathname.slice(paths[purpose].length);
    const expires = Number(searchParams.get('expires'));
    const given = Buffer.from(searchParams.get('signature') ?? '', 'base64url');
    const expected = this.#signature(purpose, id, expires);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return expires * 1000 > now ? id : undefined;
  }
}
