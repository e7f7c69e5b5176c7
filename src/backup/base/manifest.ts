import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The server's list of what belongs to a base backup (manual, section "Backup Manifest Format"). */
export interface Manifest {
  readonly files: ReadonlyMap<string, ManifestFile>;
  readonly walRanges: readonly {
    readonly timeline: number;
    readonly startLsn: string;
    readonly endLsn: string;
  }[];
  /** From PostgreSQL 17 on. */
  readonly systemIdentifier: string | undefined;
}

export interface ManifestFile {
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export class ManifestError extends Error {}

const shape = z.object({
  'PostgreSQL-Backup-Manifest-Version': z.union([z.literal(1), z.literal(2)]),
  Files: z.array(
    z.union([
      z.object({
        Path: z.string(),
        Size: z.int(),
        'Checksum-Algorithm': z.literal('SHA256'),
        Checksum: z.string(),
      }),
      // A path that is no UTF-8, in hexadecimal.
      z.object({
        'Encoded-Path': z.string(),
        Size: z.int(),
        'Checksum-Algorithm': z.literal('SHA256'),
        Checksum: z.string(),
      }),
    ]),
  ),
  'WAL-Ranges': z.array(z.object({ Timeline: z.int(), 'Start-LSN': z.string(), 'End-LSN': z.string() })),
});

/** Refuses, as a ManifestError, what is not whole: the last line is the digest of all lines before it. */
export function parseManifest(bytes: Buffer): Manifest {
  const text = bytes.toString('utf8');
  const lastLine = text.lastIndexOf('\n', text.length - 2) + 1;
  const told = /"Manifest-Checksum": "([0-9a-f]{64})"/.exec(text.slice(lastLine))?.[1];
  if (told === undefined) throw new ManifestError('the manifest is cut short');
  const found = createHash('sha256')
    .update(bytes.subarray(0, Buffer.byteLength(text.slice(0, lastLine))))
    .digest('hex');
  if (told !== found) throw new ManifestError('the manifest is not what the server wrote');
  let parsed: z.infer<typeof shape>;
  try {
    parsed = shape.parse(JSON.parse(text));
  } catch (error) {
    throw new ManifestError('the manifest is of a form that is not known', { cause: error });
  }
  const files = new Map<string, ManifestFile>();
  for (const file of parsed.Files) {
    const path = 'Path' in file ? file.Path : Buffer.from(file['Encoded-Path'], 'hex').toString('utf8');
    files.set(path, { size: file.Size, sha256: file.Checksum });
  }
  return {
    files,
    walRanges: parsed['WAL-Ranges'].map((range) => ({
      timeline: range.Timeline,
      startLsn: range['Start-LSN'],
      endLsn: range['End-LSN'],
    })),
    // Above 2^53, where JSON.parse would round it.
    systemIdentifier: /"System-Identifier": (\d+)/.exec(text)?.[1],
  };
}

/**
 * What is wrong with the files that were found, a sentence each; nothing: they are those of the manifest. The log has
 * its own checksums and is not listed by the server.
 */
export function compareFiles(manifest: Manifest, found: ReadonlyMap<string, ManifestFile>): string[] {
  const faults: string[] = [];
  for (const [path, expected] of manifest.files) {
    const file = found.get(path);
    if (!file) faults.push(`${path} is missing`);
    else if (file.size !== expected.size) faults.push(`${path} has ${file.size} bytes, not ${expected.size}`);
    else if (file.sha256 !== expected.sha256) faults.push(`${path} is not what the server read`);
  }
  for (const path of found.keys()) {
    if (!manifest.files.has(path) && !path.startsWith('pg_wal/'))
      faults.push(`${path} does not belong there`);
  }
  return faults;
}
