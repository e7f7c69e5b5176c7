import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { ArchiveSession } from '../../src/archive/session.ts';
import { defaultTransforms } from '../../src/archive/transform.ts';
import { connectOwner } from '../../src/postgres/owner.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { afterFile } from '../harness/after-file.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

/** The clock of these tests: of the months March to June the first two are past two months of retention. */
export const now = new Date('2026-07-15T00:00:00Z');

export interface ArchiveScene {
  readonly db: TestDatabase;
  readonly folder: string;
  readonly session: ArchiveSession;
  /** A table in the months March to June of 2026, ten rows each, of which March and April may go. */
  months(name: string, options?: { readonly isExported?: boolean }): Promise<string>;
  /** Everything below a prefix, with the digest of what lies there. */
  stored(prefix: string): Promise<Record<string, string>>;
  partitions(parent: string): Promise<string[]>;
  rows(table: string): Promise<unknown[]>;
}

/** What COPY has to escape, and what it has to tell apart. */
export const awkward = ['plain', 'tab\there', 'line\nfeed', 'back\\slash \\N', '', null, 'ÿ€😀', '\\.', '\r'];

export async function archiveScene(): Promise<ArchiveScene> {
  const db = await testDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'stoa-archive-'));
  const storage = folderStorage(folder);
  const client = await connectOwner(db.url, 'test archive');
  afterFile(async () => {
    await client.end();
    rmSync(folder, { recursive: true });
  });
  return {
    db,
    folder,
    session: { client, storage, transforms: defaultTransforms },
    async months(name, { isExported = true } = {}) {
      const parent = `core.${name}`;
      await db.query(`
        create table ${parent} (
          at timestamptz not null,
          number integer not null,
          user_id uuid,
          note text,
          address inet not null default '192.0.2.1',
          primary key (at, number)
        ) partition by range (at);
        alter table ${parent} enable row level security, owner to stoa_owner;
        insert into ops.partition_policies (parent, key_kind, retain, export_before_drop, export_blanks)
        values ('${parent}', 'timestamptz', '2 months', ${isExported}, '{"address": "0.0.0.0"}');
      `);
      await db.query("select ops.ensure_partitions($1, '2026-03-15T00:00:00Z')", [parent]);
      await db.query(
        `insert into ${parent} (at, number, note)
         select timestamptz '2026-03-05T00:00:00Z' + make_interval(months => month), number, ($1::text[])[1 + number % $2]
         from generate_series(0, 3) as month, generate_series(1, 10) as number`,
        [awkward, awkward.length],
      );
      return parent;
    },
    async stored(prefix) {
      const found: Record<string, string> = {};
      for await (const { key } of storage.list(prefix)) {
        const { body } = await storage.get(key);
        found[key] = createHash('sha256')
          .update(await buffer(body))
          .digest('hex');
      }
      return found;
    },
    async partitions(parent) {
      const { rows } = await db.query<{ partition: string }>(
        'select partition from ops.partition_bounds($1) order by upper_bound',
        [parent],
      );
      return rows.map(({ partition }) => partition);
    },
    async rows(table) {
      const { rows } = await db.query(`select at, number, user_id, note from ${table} order by at, number`);
      return rows;
    },
  };
}
