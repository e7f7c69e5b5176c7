import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { exitCodes, StoaError } from '../errors.ts';
import type { Module } from '../modules.ts';
import { type MigrationHeaders, parseHeaders } from './headers.ts';

/** A migration file, cut at its markers. */
export interface Migration {
  /** `20261121000100_core_foundation`: the name in the ledger. */
  readonly name: string;
  /** The 14 digits. */
  readonly version: string;
  /** What follows the digits. */
  readonly slug: string;
  readonly module: string;
  /** Absolute. */
  readonly path: string;
  /** From the root of the project: for messages and for the lock file. */
  readonly file: string;
  readonly up: Section;
  /** Undefined: the migration cannot be undone. */
  readonly down: Section | undefined;
  /** What it says of itself above the markers. */
  readonly headers: MigrationHeaders;
  /** SHA-256 of both sections. The story above the markers may be told better later. */
  readonly checksum: Buffer;
}

export interface Section {
  readonly text: string;
  /** Line of the file on which the text begins, from 1. */
  readonly line: number;
}

const fileName = /^(\d{14})_([a-z][a-z0-9_]*)\.sql$/;
/** Declared beside the migrations: see backfill/declaration.ts. */
const backfillEnd = '.backfill.sql';
const marker = /^--\s*(up|down) migration\s*$/i;

/** Every migration of the chosen modules, in the one order that all modules share. */
export async function loadMigrations(
  root: string,
  modules: readonly Module[],
): Promise<readonly Migration[]> {
  const migrations: Migration[] = [];
  for (const module of modules) {
    const folder = join(root, 'migrations', module.name);
    for (const entry of await filesIn(folder)) {
      migrations.push(await loadMigration(root, module.name, join(folder, entry)));
    }
  }
  migrations.sort((a, b) => (a.version < b.version ? -1 : 1));
  for (const [index, migration] of migrations.entries()) {
    const next = migrations[index + 1];
    if (next?.version === migration.version) {
      throw new StoaError('migrate.same_number', `${migration.file} and ${next.file} have the same number.`, {
        cure: 'Give the newer one the number of the moment: the order of all modules is one timeline.',
        exitCode: exitCodes.input,
      });
    }
  }
  return migrations;
}

async function filesIn(folder: string): Promise<string[]> {
  return (await sqlFilesIn(folder)).filter((entry) => !entry.endsWith(backfillEnd));
}

/** The declarations of backfills in a folder of migrations. */
export async function backfillFilesIn(folder: string): Promise<string[]> {
  return (await sqlFilesIn(folder)).filter((entry) => entry.endsWith(backfillEnd));
}

async function sqlFilesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((entry) => entry.endsWith('.sql')).sort();
  } catch (error) {
    // A module that has no migrations yet.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

export async function loadMigration(root: string, module: string, path: string): Promise<Migration> {
  const file = relative(root, path);
  const match = fileName.exec(path.slice(path.lastIndexOf('/') + 1));
  if (!match) {
    throw new StoaError('migrate.file_name', `${file} is not named like a migration.`, {
      cure: 'Name it <14 digits>_<words_with_underscores>.sql, or let "stoa migrate new" do so.',
      exitCode: exitCodes.input,
    });
  }
  const [, version = '', slug = ''] = match;
  const { headers, up, down } = cut(await readFile(path, 'utf8'), file);
  return {
    name: `${version}_${slug}`,
    version,
    slug,
    module,
    path,
    file,
    up,
    down,
    headers,
    checksum: createHash('sha256')
      .update(normalized(up.text))
      .update('\0')
      .update(down ? normalized(down.text) : '')
      .digest(),
  };
}

/** A checkout with other line ends, or a blank line at the end, is the same migration. */
function normalized(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}

interface CutFile {
  readonly headers: MigrationHeaders;
  readonly up: Section;
  readonly down: Section | undefined;
}

function cut(text: string, file: string): CutFile {
  const lines = text.split('\n');
  const found = lines.flatMap((line, index) => {
    const direction = marker.exec(line.trimEnd())?.[1]?.toLowerCase();
    return direction === undefined ? [] : [{ direction, index }];
  });
  const [first, second, ...more] = found;
  const wellFormed =
    first?.direction === 'up' && (second === undefined || second.direction === 'down') && more.length === 0;
  if (!wellFormed) {
    throw new StoaError(
      'migrate.markers',
      `${file} must have one line "-- Up Migration" and, after it, one line "-- Down Migration".`,
      {
        cure: 'Leave out the second one only when the migration cannot be undone.',
        exitCode: exitCodes.input,
      },
    );
  }
  const section = (from: number, to?: number): Section => ({
    text: lines.slice(from + 1, to).join('\n'),
    line: from + 2,
  });
  return {
    headers: parseHeaders(lines.slice(0, first.index), file),
    up: section(first.index, second?.index),
    down: second === undefined ? undefined : section(second.index),
  };
}
