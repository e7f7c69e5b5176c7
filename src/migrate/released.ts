import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes, StoaError } from '../errors.ts';
import type { Migration } from './load.ts';

/**
 * `migrations/migrations.lock`: the migrations that are released, and so frozen. Two branches that release at the same
 * time both add a line at the end, and git shows the conflict.
 */
const lockFile = join('migrations', 'migrations.lock');

const preamble = `# Released migrations, in order: SHA-256 of the up and down sections, file.
# Written by "stoa migrate lock". A file that stands here is not edited any more: write a new migration.
`;

interface Release {
  readonly checksum: string;
  readonly file: string;
}

export async function readReleases(root: string): Promise<readonly Release[]> {
  let text: string;
  try {
    text = await readFile(join(root, lockFile), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [, checksum, file] = /^([0-9a-f]{64}) {2}(\S+)\s*$/.exec(line) ?? [];
    if (checksum === undefined || file === undefined) {
      throw new StoaError(
        'migrate.lock_file',
        `${lockFile}:${index + 1} cannot be read: ${line.slice(0, 80)}`,
        {
          cure: 'Take out the marks of a merge conflict, so that each line is a checksum, two blanks and a file.',
          exitCode: exitCodes.input,
        },
      );
    }
    return [{ checksum, file }];
  });
}

/** How the files differ from what was released; empty when they do not. */
export function releaseFaults(
  releases: readonly Release[],
  migrations: readonly Migration[],
): readonly string[] {
  const files = new Map(migrations.map((migration) => [migration.file, migration]));
  return releases.flatMap(({ file, checksum }) => {
    const migration = files.get(file);
    if (!migration) return [`${file} is released, but the file is gone`];
    return migration.checksum.toString('hex') === checksum
      ? []
      : [`${file} was edited after it was released`];
  });
}

/** Adds every migration that is not released yet. Answers with their files. */
export async function lockReleases(
  root: string,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  const releases = await readReleases(root);
  refuseFaults(releaseFaults(releases, migrations));
  const known = new Set(releases.map(({ file }) => file));
  const added = migrations.filter(({ file }) => !known.has(file));
  const lines = [
    ...releases.map(({ checksum, file }) => `${checksum}  ${file}\n`),
    ...added.map(({ checksum, file }) => `${checksum.toString('hex')}  ${file}\n`),
  ];
  if (added.length > 0) await writeFile(join(root, lockFile), preamble + lines.join(''));
  return added.map(({ file }) => file);
}

export function refuseFaults(faults: readonly string[]): void {
  if (faults.length === 0) return;
  throw new StoaError(
    'migrate.edited',
    `The history of the migrations was changed:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    {
      cure: 'Put the files back as they were (git shows the difference) and write a new migration for what should change.',
      exitCode: exitCodes.refused,
    },
  );
}
