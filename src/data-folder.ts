import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { exitCodes, StoaError } from './errors.ts';

/** What lies where in the folder that `dataDir` names. */
export function dataFolder(dataDir: string) {
  return {
    root: dataDir,
    /** Generated passwords and keys, for its owner's eyes only. */
    secrets: join(dataDir, 'secrets.json'),
    /** Which process holds the folder. */
    holder: join(dataDir, 'running.json'),
    /** Where the embedded cluster is and which port it took. */
    cluster: join(dataDir, 'cluster.json'),
    postgres: join(dataDir, 'postgres'),
    /** There while a restore into this folder is not finished. */
    restoring: join(dataDir, 'restoring.json'),
    postgresLog: join(dataDir, 'logs', 'postgres.log'),
    log: join(dataDir, 'logs', 'stoa.log'),
    /** Uploads and archives, where no other storage is set. */
    storage: join(dataDir, 'storage'),
    /** Backups, where no other place for them is set. */
    backups: join(dataDir, 'backups'),
    /** Log of the database that the storage of backups does not have yet. */
    wal: join(dataDir, 'wal'),
    /** Hashes of the blocks of the last backups, where those are encrypted. */
    blockIndex: join(dataDir, 'block-index'),
  } as const;
}

const causes: Readonly<Record<string, readonly [code: string, reason: string, cure: string]>> = {
  ENOSPC: ['full', 'the disk is full', 'Free some space, or set STOA_DATA_DIR to a folder on another disk.'],
  EDQUOT: [
    'full',
    'the disk quota is used up',
    'Free some space, or set STOA_DATA_DIR to a folder elsewhere.',
  ],
  EROFS: ['read_only', 'the file system is read-only', 'Set STOA_DATA_DIR to a folder that can be written.'],
  EACCES: [
    'not_writable',
    'this user may not write there',
    'Change its owner, or set STOA_DATA_DIR to another folder.',
  ],
  EPERM: [
    'not_writable',
    'this user may not write there',
    'Change its owner, or set STOA_DATA_DIR to another folder.',
  ],
  ENOTDIR: ['not_a_folder', 'a file is in the way', 'Remove it, or set STOA_DATA_DIR to another folder.'],
  EEXIST: ['not_a_folder', 'a file is in the way', 'Remove it, or set STOA_DATA_DIR to another folder.'],
};

/** Runs something that writes below the data folder, and puts the usual failures into a sentence. */
export function inDataFolder<Result>(dataDir: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const known = error instanceof Error && 'code' in error ? causes[String(error.code)] : undefined;
    if (!known) throw error;
    const [code, reason, cure] = known;
    throw new StoaError(`data_folder.${code}`, `The data folder ${dataDir} cannot be used: ${reason}.`, {
      cure,
      exitCode: exitCodes.database,
      cause: error,
    });
  }
}

/** Makes the folder and its `logs`. Root lets the database's user pass through it; what is private has its own mode. */
export function ensureDataFolder(dataDir: string): void {
  inDataFolder(dataDir, () => {
    const isRoot = process.getuid?.() === 0;
    if (!existsSync(dataDir)) {
      mkdirSync(dataDir, { recursive: true });
      chmodSync(dataDir, isRoot ? 0o711 : 0o700);
    }
    mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
  });
}

/** Undefined where there is no such file. */
export function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const isAbsent =
      error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code));
    if (isAbsent) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoaError('data_folder.damaged', `${path} is not valid JSON.`, {
      cure: 'Restore it from a copy. If it is lost, see docs/operations/data-folder.md.',
      exitCode: exitCodes.database,
      cause,
    });
  }
}

/** The same, where the file has to be of a form. */
export function readShaped<Shape>(path: string, shape: z.ZodType<Shape>): Shape | undefined {
  const value = readJson(path);
  if (value === undefined) return undefined;
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  // Which values: their names, for the file may hold secrets.
  const where = [...new Set(parsed.error.issues.map(({ path: keys }) => keys.join('.') || 'all of it'))];
  throw new StoaError(
    'data_folder.damaged',
    `${path} does not hold what belongs there (${where.join(', ')}).`,
    {
      cure: 'Restore it from a copy. If it is lost, see docs/operations/data-folder.md.',
      exitCode: exitCodes.database,
    },
  );
}

/** Appears whole or not at all, readable by its owner only. */
export function writeJson(path: string, value: unknown): void {
  const unfinished = `${path}.${process.pid}.unfinished`;
  try {
    writeFileSync(unfinished, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(unfinished, path);
  } catch (error) {
    if (existsSync(dirname(path))) rmSync(unfinished, { force: true });
    throw error;
  }
}
