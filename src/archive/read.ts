import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodes, StoaError } from '../errors.ts';
import type { Storage } from '../storage/storage.ts';
import type { ArchiveManifest } from './manifest.ts';
import { Measure } from './measure.ts';
import type { ArchiveTransform } from './transform.ts';

function damaged(manifest: ArchiveManifest, what: string, cause?: unknown): StoaError {
  return new StoaError('archive.damaged', `The archive ${manifest.name} of ${manifest.parent}: ${what}.`, {
    cure: 'Bring its objects back from a copy of the storage; while the rows are still in the database, export them again with "stoa archive create".',
    exitCode: exitCodes.checkFailed,
    ...(cause === undefined ? {} : { cause }),
  });
}

function transformsOf(manifest: ArchiveManifest, known: readonly ArchiveTransform[]): ArchiveTransform[] {
  return manifest.file.transforms.toReversed().map((name) => {
    const transform = known.find((candidate) => candidate.name === name);
    if (transform !== undefined) return transform;
    throw new StoaError(
      'archive.transform_unknown',
      `The archive ${manifest.name} went through "${name}", which is not configured here.`,
      { cure: 'Use the settings with which it was written.', exitCode: exitCodes.configuration },
    );
  });
}

/**
 * The rows in COPY's text format, as they went in. It ends with an error when a byte of the object, a byte of the content
 * or the number of rows differs from the manifest: whoever uses them before the end must be able to take that back.
 */
export function openArchive(
  storage: Storage,
  manifest: ArchiveManifest,
  known: readonly ArchiveTransform[],
): Readable {
  const transforms = transformsOf(manifest, known);
  return Readable.from(
    (async function* read(): AsyncGenerator<Buffer> {
      const { body } = await storage.get(manifest.file.key);
      const stored = new Measure();
      const content = new Measure();
      const flow = pipeline([body, stored, ...transforms.map((transform) => transform.open()), content]);
      flow.catch(() => {});
      try {
        for await (const chunk of content) yield chunk;
        await flow;
      } catch (error) {
        if (error instanceof StoaError) throw error;
        throw damaged(manifest, 'its file cannot be read', error);
      } finally {
        content.destroy();
      }
      if (stored.bytes !== manifest.file.bytes || stored.sha256() !== manifest.file.sha256) {
        throw damaged(manifest, 'its file is not the one that was written');
      }
      if (content.lines !== manifest.rows) {
        throw damaged(manifest, `it holds ${content.lines} rows instead of ${manifest.rows}`);
      }
      if (content.sha256() !== manifest.content.sha256) {
        throw damaged(manifest, 'its rows are not those that were exported');
      }
    })(),
    { objectMode: false },
  );
}

/** Reads it from the storage from the first byte to the last. Refuses archive.damaged. */
export async function verifyArchive(
  storage: Storage,
  manifest: ArchiveManifest,
  known: readonly ArchiveTransform[],
): Promise<void> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(openArchive(storage, manifest, known), nowhere);
}

/** Each row, split into fields that are still escaped as COPY does it. */
export async function* archivedRows(
  storage: Storage,
  manifest: ArchiveManifest,
  known: readonly ArchiveTransform[],
): AsyncGenerator<readonly string[]> {
  let rest = Buffer.alloc(0);
  for await (const chunk of openArchive(storage, manifest, known)) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
      yield bytes.toString('utf8', from, end).split('\t');
      from = end + 1;
    }
    rest = bytes.subarray(from);
  }
}
