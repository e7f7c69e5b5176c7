import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Storage } from '../storage/storage.ts';
import {
  type ArchiveColumn,
  type ArchiveManifest,
  archiveFolder,
  manifestKey,
  writeManifest,
} from './manifest.ts';
import { Measure } from './measure.ts';
import type { ArchiveTransform } from './transform.ts';

export interface ArchiveSubject {
  readonly kind: 'partition' | 'rows';
  readonly parent: string;
  readonly name: string;
  readonly bounds: string | null;
  readonly scope: Readonly<Record<string, unknown>>;
  readonly columns: readonly ArchiveColumn[];
  /** A select of these columns, in their order. */
  readonly query: string;
  /** Bytes to expect, as far as they are known. */
  readonly expectedSize?: number;
  /** The rows that the manifest names until then are left where they are: it is replaced in one step. */
  readonly isBesideTheOld?: boolean;
}

export interface WriteOptions {
  readonly transforms: readonly ArchiveTransform[];
  readonly signal?: AbortSignal;
  readonly onRows?: (rows: number) => void;
}

/**
 * Writes one snapshot of the rows, then the manifest. What was there under the same name is replaced. The connection is
 * of no use any more when this fails on the way.
 */
export async function writeArchive(
  client: Client,
  storage: Storage,
  subject: ArchiveSubject,
  { transforms, signal, onRows }: WriteOptions,
): Promise<ArchiveManifest> {
  const { rows: facts } = await client.query<{ at: Date; postgres: string; migration: string | null }>(
    `select
       clock_timestamp() as at,
       current_setting('server_version') as postgres,
       (select name from ops.pgmigrations order by name collate "C" desc limit 1) as migration`,
  );
  const [fact] = facts;
  if (fact === undefined) throw new Error('the database did not answer');
  const file = subject.isBesideTheOld ? `rows-${fact.at.getTime()}.copy` : 'rows.copy';
  const key = `${archiveFolder(subject.parent, subject.name)}/${file}`;

  const rows = client.query(copyTo(`copy (${subject.query}) to stdout`));
  const content = new Measure(onRows);
  const stored = new Measure();
  const flow = pipeline([rows, content, ...transforms.map((transform) => transform.seal()), stored]);
  // Heard below; until then it must not end the process.
  flow.catch(() => {});
  try {
    await storage.put(key, stored, {
      ...(subject.expectedSize === undefined ? {} : { expectedSize: subject.expectedSize }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    stored.destroy();
    rows.destroy();
    throw error;
  }
  await flow;

  const manifest: ArchiveManifest = {
    format: 'stoa-archive',
    version: 1,
    kind: subject.kind,
    parent: subject.parent,
    name: subject.name,
    bounds: subject.bounds,
    scope: { ...subject.scope },
    columns: [...subject.columns],
    migration: fact.migration,
    postgres: fact.postgres,
    exportedAt: fact.at.toISOString(),
    rows: content.lines,
    content: { bytes: content.bytes, sha256: content.sha256() },
    file: {
      key,
      bytes: stored.bytes,
      sha256: stored.sha256(),
      transforms: transforms.map(({ name }) => name),
    },
  };
  await writeManifest(storage, manifestKey(subject.parent, subject.name), manifest);
  return manifest;
}
