import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Pool } from 'pg';
import { z } from 'zod';
import { StoaError } from '../../errors.ts';
import type { Storage } from '../../storage/storage.ts';
import { FileAddresses } from './address.ts';
import { inspected } from './content.ts';

const transferShape = z.object({
  user_id: z.string().nullable(),
  filename: z.string(),
  content_type: z.string(),
  size_bytes: z.coerce.number(),
  storage_path: z.string(),
  status: z.enum(['pending', 'ready', 'quarantined']),
  is_deleted: z.boolean(),
});
/** What is known of an upload's bytes: `media.transfer_of`. */
export type TransferRow = z.infer<typeof transferShape>;

/** How to send the bytes of an upload. */
export interface Transfer {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly expiresAt: string;
}

export interface UploadServiceOptions {
  /** Logged in as stoa_media. */
  readonly pool: Pool;
  readonly storage: Storage;
  readonly secretKey: Buffer;
  /** Where people reach the API. */
  readonly publicUrl: string;
}

/** Where bytes wait until they have been looked at: a client that still has the address cannot change them afterwards. */
const incoming = (id: string): string => `incoming/${id}`;

/** Files between clients and the storage: signed addresses, and a look at every byte before an upload counts. */
export class UploadService {
  readonly storage: Storage;
  readonly addresses: FileAddresses;
  readonly #pool: Pool;
  readonly #publicUrl: string;
  #lifetime: { readonly seconds: Promise<number>; readonly until: number } | undefined;

  constructor(options: UploadServiceOptions) {
    this.storage = options.storage;
    this.#pool = options.pool;
    this.#publicUrl = options.publicUrl;
    this.addresses = new FileAddresses(options.secretKey);
  }

  async find(id: string): Promise<TransferRow | undefined> {
    const { rows } = await this.#pool.query('select * from media.transfer_of($1)', [id]);
    return rows[0] === undefined ? undefined : transferShape.parse(rows[0]);
  }

  /** Asked once a minute: a page shows many files. */
  async #seconds(): Promise<number> {
    if (this.#lifetime === undefined || this.#lifetime.until < Date.now()) {
      const asked = this.#pool
        .query<{ seconds: number }>('select media.transfer_seconds() as seconds')
        .then(({ rows }) => rows[0]?.seconds ?? 0);
      this.#lifetime = { seconds: asked, until: Date.now() + 60_000 };
      asked.catch(() => {
        this.#lifetime = undefined;
      });
    }
    return this.#lifetime.seconds;
  }

  /** For its sender, while it is pending. */
  async transferFor(upload: { id: string; contentType: string; size: number }): Promise<Transfer> {
    const seconds = await this.#seconds();
    const { id, contentType, size } = upload;
    const signed = await this.storage.signUpload?.(incoming(id), {
      contentType,
      size,
      expiresInSeconds: seconds,
    });
    const own = (): Transfer => {
      const { path, expiresAt } = this.addresses.sign('send', id, seconds);
      return {
        url: `${this.#publicUrl}${path}`,
        method: 'PUT',
        headers: [{ name: 'content-type', value: contentType }],
        expiresAt: expiresAt.toISOString(),
      };
    };
    if (signed === undefined) return own();
    return {
      url: signed.url,
      method: signed.method,
      headers: Object.entries(signed.headers)
        // A browser sets the length itself and lets nobody else do it.
        .filter(([name]) => name !== 'content-length')
        .map(([name, value]) => ({ name, value })),
      expiresAt: signed.expiresAt.toISOString(),
    };
  }

  /** The address of a file, for somebody who may see the row that shows it. */
  async addressOf(id: string): Promise<string> {
    return `${this.#publicUrl}${this.addresses.sign('fetch', id, await this.#seconds()).path}`;
  }

  /** The whole of a file that is complete; undefined where there is none, or it is larger. */
  async read(
    id: string,
    maxBytes: number,
  ): Promise<{ readonly row: TransferRow; readonly bytes: Buffer } | undefined> {
    const row = await this.find(id);
    if (row === undefined || row.status !== 'ready' || row.is_deleted || row.size_bytes > maxBytes)
      return undefined;
    const { body } = await this.storage.get(row.storage_path);
    return { row, bytes: await buffer(body) };
  }

  /** Takes the bytes that a client sends here, no more than were announced. Refuses by answering false. */
  async receive(
    id: string,
    body: Readable,
    signal: AbortSignal,
  ): Promise<'taken' | 'too long' | 'not expected'> {
    const row = await this.find(id);
    if (row === undefined || row.status !== 'pending' || row.is_deleted) return 'not expected';
    let size = 0;
    class TooLong extends Error {}
    const limited = Readable.from(
      (async function* limit() {
        for await (const chunk of body) {
          const bytes = Buffer.from(chunk);
          size += bytes.length;
          if (size > row.size_bytes) throw new TooLong();
          yield bytes;
        }
      })(),
      { objectMode: false },
    );
    try {
      await this.storage.put(incoming(id), limited, { expectedSize: row.size_bytes, signal });
      return 'taken';
    } catch (error) {
      if (error instanceof TooLong) return 'too long';
      throw error;
    }
  }

  /**
   * Looks at what arrived, puts it in its place, and says so in the database. An upload whose bytes are not what was
   * announced loses them and stays pending: it can be sent again.
   */
  async complete(id: string, userId: string): Promise<void> {
    const row = await this.find(id);
    const confirm = (
      type: string | null,
      size: number | null,
      sha256: Buffer | null,
      w?: number,
      h?: number,
    ) =>
      this.#pool.query('select media.confirm_upload($1, $2, $3, $4, $5, $6, $7)', [
        id,
        userId,
        type,
        size,
        sha256,
        w ?? null,
        h ?? null,
      ]);
    if (row === undefined || row.user_id !== userId || row.is_deleted || row.status !== 'pending') {
      await confirm(null, null, null); // refuses, with the reason
      return;
    }
    const arrived = await this.storage.get(incoming(id)).catch((error: unknown) => {
      if (error instanceof StoaError && error.code === 'storage.missing') return undefined;
      throw error;
    });
    if (arrived === undefined) {
      await confirm(row.content_type, row.size_bytes, null); // refuses: not sent
      return;
    }
    const { body, content } = inspected(arrived.body);
    await this.storage.put(row.storage_path, Readable.from(body, { objectMode: false }), {
      contentType: row.content_type,
      expectedSize: arrived.info.size,
    });
    const found = await content();
    try {
      await confirm(
        found.contentType ?? null,
        found.size,
        found.sha256,
        found.pixels?.width,
        found.pixels?.height,
      );
    } catch (error) {
      await this.storage.delete(row.storage_path);
      throw error;
    } finally {
      await this.storage.delete(incoming(id));
    }
  }

  close(): void {
    this.storage.close();
  }
}
