import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ClientBase } from 'pg';
import { z } from 'zod';
import { StoaError } from '../errors.ts';
import type { Storage } from '../storage/storage.ts';
import { ask } from './database.ts';
import { type ExportedFile, type ExportedTable, indexPage } from './export-index.ts';
import { type ZipEntry, zipOf } from './zip.ts';

export interface ExportOptions {
  /** Default: the bytes of uploads are part of it. */
  readonly withFiles?: boolean;
  readonly now?: Date;
  readonly onProgress?: (rows: number, detail: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface ExportSummary {
  readonly userId: string;
  readonly madeAt: string;
  readonly tables: readonly ExportedTable[];
  readonly files: readonly ExportedFile[];
}

interface TableOfExport {
  readonly table_name: string;
  readonly description: string;
  readonly columns: readonly { readonly name: string; readonly description: string }[];
}

const rowShape = z.record(z.string(), z.unknown());
const uploadShape = z.object({
  id: z.string(),
  filename: z.string(),
  storage_path: z.string(),
  size_bytes: z.coerce.number(),
});

/** Rows that are in memory at once. */
const atOnce = 500;

/** The rows of a table that are the person's, a cursor's fetch at a time. */
async function* rowsOf(
  client: ClientBase,
  userId: string,
  table: string,
): AsyncGenerator<Record<string, unknown>, void, undefined> {
  await ask(client, 'select audit.open_export($1, $2)', [userId, table]);
  for (;;) {
    const { rows } = await client.query<{ row: unknown }>(`fetch ${atOnce} from stoa_export`);
    for (const { row } of rows) yield rowShape.parse(row);
    if (rows.length < atOnce) break;
  }
  await client.query('close stoa_export');
}

/** When a row was made, as far as it says so. */
function momentOf(row: Record<string, unknown>): string | undefined {
  for (const name of ['inserted_at', 'announced_at', 'observed_at', 'started_at', 'joined_at']) {
    const value = row[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}

/** A name that every system takes. */
function fileName(id: string, name: string): string {
  return `files/${id}-${name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_').slice(-100)}`;
}

class Exporter {
  readonly tables: ExportedTable[] = [];
  readonly files: ExportedFile[] = [];
  readonly #uploads: z.infer<typeof uploadShape>[] = [];
  readonly #client: ClientBase;
  readonly #storage: Storage;
  readonly #userId: string;
  readonly #options: ExportOptions;
  #rows = 0;

  constructor(client: ClientBase, storage: Storage, userId: string, options: ExportOptions) {
    this.#client = client;
    this.#storage = storage;
    this.#userId = userId;
    this.#options = options;
  }

  async *#lines(
    table: TableOfExport,
    first: Record<string, unknown>,
    rest: AsyncGenerator<Record<string, unknown>>,
  ) {
    let rows = 0;
    let from: string | undefined;
    let until: string | undefined;
    const line = (row: Record<string, unknown>): Buffer => {
      rows += 1;
      const moment = momentOf(row);
      if (moment !== undefined) {
        if (from === undefined || moment < from) from = moment;
        if (until === undefined || moment > until) until = moment;
      }
      if (table.table_name === 'media.uploads') {
        const upload = uploadShape.safeParse(row);
        if (upload.success) this.#uploads.push(upload.data);
      }
      return Buffer.from(`${JSON.stringify(row)}\n`);
    };
    yield line(first);
    for await (const row of rest) {
      this.#options.signal?.throwIfAborted();
      yield line(row);
      this.#options.onProgress?.(this.#rows + rows, table.table_name);
    }
    this.#rows += rows;
    this.tables.push({
      file: `data/${table.table_name}.jsonl`,
      table: table.table_name,
      description: table.description,
      columns: table.columns,
      rows,
      from,
      until,
    });
  }

  async *#bytes(): AsyncGenerator<ZipEntry, void, undefined> {
    for (const upload of this.#uploads) {
      const name = fileName(upload.id, upload.filename);
      try {
        const { body, info } = await this.#storage.get(upload.storage_path);
        yield { name, content: body, isCompressed: false };
        this.files.push({ name, uploadId: upload.id, size: info.size, isThere: true });
      } catch (error) {
        // Not sent yet, or swept: the list says so.
        if (!(error instanceof StoaError) || error.code !== 'storage.missing') throw error;
        this.files.push({ name, uploadId: upload.id, size: upload.size_bytes, isThere: false });
      }
      this.#options.onProgress?.(this.#rows, name);
    }
  }

  async *entries(): AsyncGenerator<ZipEntry, void, undefined> {
    const { rows: tables } = await ask<TableOfExport>(this.#client, 'select * from audit.export_tables()');
    for (const table of tables) {
      const rows = rowsOf(this.#client, this.#userId, table.table_name);
      const first = await rows.next();
      // Nothing of the person is there: no file says nothing.
      if (first.done) continue;
      yield { name: `data/${table.table_name}.jsonl`, content: this.#lines(table, first.value, rows) };
    }
    if (this.#options.withFiles ?? true) yield* this.#bytes();
    const summary = this.summary();
    yield { name: 'manifest.json', content: Buffer.from(`${JSON.stringify(summary, undefined, 2)}\n`) };
    yield { name: 'index.html', content: Buffer.from(indexPage(summary)) };
  }

  summary(): ExportSummary {
    return {
      userId: this.#userId,
      madeAt: (this.#options.now ?? new Date()).toISOString(),
      tables: this.tables,
      files: this.files,
    };
  }
}

export interface RunningExport {
  /** The archive, to be read once. */
  readonly archive: Readable;
  /** Once the archive was read. */
  summary(): ExportSummary;
}

/**
 * Everything that is stored about a person, as one ZIP archive, from one snapshot of the database. The client must be in
 * no transaction and is not to be used until `archive` has ended or was destroyed; a fetch of rows and a chunk of a file
 * are in memory, whatever there is.
 */
export function exportPerson(
  client: ClientBase,
  storage: Storage,
  userId: string,
  options: ExportOptions = {},
): RunningExport {
  const exporter = new Exporter(client, storage, userId, options);
  const archive = Readable.from(
    (async function* make() {
      await client.query('begin isolation level repeatable read read only');
      try {
        yield* zipOf(exporter.entries(), options.now);
      } finally {
        await client.query('rollback').catch(() => undefined);
      }
    })(),
  );
  return { archive, summary: () => exporter.summary() };
}

export interface DeliveredExport extends ExportSummary {
  readonly uploadId: string;
  readonly size: number;
}

/** Makes the archive of a request, puts it into the storage as an upload that only the person can fetch, and tells them. */
export async function deliverExport(
  client: ClientBase,
  storage: Storage,
  request: { readonly id: string; readonly userId: string },
  options: ExportOptions = {},
): Promise<DeliveredExport> {
  const path = `exports/${request.id}.zip`;
  const running = exportPerson(client, storage, request.userId, options);
  const hash = createHash('sha256');
  const measured = Readable.from(
    (async function* measure() {
      for await (const chunk of running.archive) {
        hash.update(chunk);
        yield chunk;
      }
    })(),
  );
  const { size } = await storage.put(path, measured, { contentType: 'application/zip' });
  const { rows } = await ask<{ upload_id: string }>(
    client,
    'select audit.deliver_export($1, $2, $3, $4) as upload_id',
    [request.id, path, size, hash.digest()],
  );
  return { ...running.summary(), uploadId: rows[0]?.upload_id ?? '', size };
}
