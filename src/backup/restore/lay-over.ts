import { deltaArtifact } from '../base/create.ts';
import { compareFiles, ManifestError, type ManifestFile } from '../base/manifest.ts';
import { DeltaReader, type DeltaRecord } from '../increment/delta.ts';
import { layIncrement } from '../increment/lay.ts';
import { artifactOf, damaged, explainWrite, readManifest, type UnpackOptions } from './unpack.ts';

async function* passing(
  body: AsyncIterable<Buffer>,
  size: number,
  { signal, onProgress }: UnpackOptions,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body) {
    signal?.throwIfAborted();
    yield chunk;
    bytes += chunk.length;
    onProgress?.(bytes, size);
  }
}

type Take = (
  delta: AsyncIterable<Buffer>,
  onFile: (file: Extract<DeltaRecord, { kind: 'file' }>) => void,
) => Promise<void>;

/** An increment names every file of its moment, so what it names is compared with the server's manifest. */
async function compared(options: UnpackOptions, take: Take): Promise<void> {
  const { vault, entry } = options;
  const found = new Map<string, ManifestFile>();
  try {
    const manifest = await readManifest(vault, entry);
    const artifact = artifactOf(entry, deltaArtifact);
    await take(passing(await vault.read(artifact), artifact.size, options), ({ path, size, sha256 }) =>
      found.set(path, { size, sha256 }),
    );
    const faults = compareFiles(manifest, found);
    if (faults.length > 0) throw damaged(entry, faults.slice(0, 5).join('; '));
  } catch (error) {
    if (error instanceof ManifestError) throw damaged(entry, error.message, error);
    throw error;
  }
}

export interface LayOverOptions extends UnpackOptions {
  /** Of its chain. */
  readonly isLast: boolean;
}

/**
 * Lays an increment over its parent, which lies in `folder`: after the last every file is the one of the server's manifest.
 * Refuses backup.damaged, backup.no_key, restore.disk_full: then the folder is neither of the two.
 */
export async function layOver(options: LayOverOptions, folder: string): Promise<void> {
  const { owner, isLast } = options;
  try {
    await compared(options, (delta, onFile) => layIncrement(delta, { folder, owner, isLast, onFile }));
  } catch (error) {
    throw explainWrite(error, folder);
  }
}

/** Whether an increment can be read and names the files of the manifest, without its parent and without writing anything. */
export function checkIncrement(options: UnpackOptions): Promise<void> {
  return compared(options, async (delta, onFile) => {
    const reader = new DeltaReader();
    for await (const piece of delta) {
      for (const record of reader.feed(piece)) if (record.kind === 'file') onFile(record);
    }
    reader.end();
  });
}
