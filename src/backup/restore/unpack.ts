import { createHash, type Hash } from 'node:crypto';
import { chown, type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { exitCodes, StoaError } from '../../errors.ts';
import type { RunAs } from '../../postgres/run-as.ts';
import { baseArtifacts } from '../base/create.ts';
import {
  compareFiles,
  type Manifest,
  ManifestError,
  type ManifestFile,
  parseManifest,
} from '../base/manifest.ts';
import { isTablespaceLink, type TarEntry, TarError, TarReader } from '../base/tar.ts';
import type { PhysicalBackup } from '../catalog.ts';
import type { Artifact, Vault } from '../vault.ts';

export interface UnpackOptions {
  readonly vault: Vault;
  readonly entry: PhysicalBackup;
  /** Who owns what is written; undefined: whoever runs this. */
  readonly owner: RunAs | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number, expected: number) => void;
}

export function artifactOf(entry: PhysicalBackup, name: string): Artifact {
  const artifact = entry.artifacts[name];
  if (artifact) return artifact;
  throw damaged(entry, `its entry names no ${name}`);
}

export function damaged(entry: PhysicalBackup, reason: string, cause?: unknown): StoaError {
  return new StoaError('backup.damaged', `Backup ${entry.id} is damaged: ${reason}.`, {
    cure: 'Use another backup; "stoa backup verify --all" tells which are whole.',
    exitCode: exitCodes.checkFailed,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Where the files of an archive go; undefined: they are only checked. */
class Target {
  readonly #folder: string;
  readonly #owner: RunAs | undefined;
  #file: FileHandle | undefined;

  constructor(folder: string, owner: RunAs | undefined) {
    this.#folder = folder;
    this.#owner = owner;
  }

  async begin(entry: TarEntry): Promise<void> {
    const path = join(this.#folder, entry.path);
    if (entry.kind === 'folder') {
      await mkdir(path, { recursive: true, mode: 0o700 });
      if (this.#owner) await chown(path, this.#owner.uid, this.#owner.gid);
      return;
    }
    if (!entry.path.includes('/')) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    this.#file = await open(path, 'wx', 0o600);
    if (this.#owner) await this.#file.chown(this.#owner.uid, this.#owner.gid);
  }

  async write(bytes: Buffer): Promise<void> {
    await this.#file?.writeFile(bytes);
  }

  async end(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

export function explainWrite(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new StoaError('restore.disk_full', `The disk of ${folder} is full.`, {
    cure: 'Free some space, or restore into a folder on another disk.',
    exitCode: exitCodes.database,
    cause: error,
  });
}

export async function readManifest(vault: Vault, entry: PhysicalBackup): Promise<Manifest> {
  const bytes = await buffer(await vault.read(artifactOf(entry, baseArtifacts.manifest)));
  const manifest = parseManifest(bytes);
  if (manifest.systemIdentifier !== undefined && manifest.systemIdentifier !== entry.systemIdentifier) {
    throw new ManifestError('its manifest is that of another cluster');
  }
  return manifest;
}

interface StoredArchive {
  readonly artifact: Artifact;
  /** Where in the data directory it belongs. */
  readonly within: string;
}

function archivesOf(entry: PhysicalBackup): readonly StoredArchive[] {
  const tablespaces = (entry.tablespaces ?? []).map(({ oid }) => ({
    artifact: artifactOf(entry, `${oid}.tar`),
    within: `pg_tblspc/${oid}`,
  }));
  return [...tablespaces, { artifact: artifactOf(entry, baseArtifacts.archive), within: '' }];
}

async function walk(options: UnpackOptions, folder: string | undefined): Promise<void> {
  const { vault, entry, owner, signal, onProgress } = options;
  const manifest = await readManifest(vault, entry);
  const archives = archivesOf(entry);
  const expected = archives.reduce((sum, { artifact }) => sum + artifact.size, 0);
  const target = folder === undefined ? undefined : new Target(folder, owner);
  const found = new Map<string, ManifestFile>();
  let bytes = 0;
  const walkOne = async ({ artifact, within }: StoredArchive): Promise<void> => {
    const reader = new TarReader(within);
    // What leads to a tablespace is made by whoever restores: through it nothing of another archive may be written.
    const elsewhere = archives.map((other) => other.within).filter((path) => path !== within && path !== '');
    let hash: Hash | undefined;
    try {
      for await (const chunk of await vault.read(artifact)) {
        signal?.throwIfAborted();
        for (const event of reader.feed(chunk)) {
          if (event.kind === 'begin') {
            const { kind, path } = event.entry;
            hash = kind === 'file' ? createHash('sha256') : undefined;
            if (isTablespaceLink(event.entry)) continue;
            if (kind === 'link') throw new TarError(`there is a link: ${path}`);
            if (elsewhere.some((other) => path === other || path.startsWith(`${other}/`))) {
              throw new TarError(`an entry lies in a tablespace that has another archive: ${path}`);
            }
            if (found.has(path)) throw new TarError(`there are two of ${path}`);
            await target?.begin(event.entry);
          } else if (event.kind === 'data') {
            hash?.update(event.bytes);
            await target?.write(event.bytes);
          } else {
            if (hash) found.set(event.entry.path, { size: event.entry.size, sha256: hash.digest('hex') });
            await target?.end();
          }
        }
        bytes += chunk.length;
        onProgress?.(bytes, expected);
      }
    } finally {
      await target?.end();
    }
    reader.end();
  };
  for (const archive of archives) await walkOne(archive);
  const faults = compareFiles(manifest, found);
  if (faults.length > 0) throw damaged(entry, faults.slice(0, 5).join('; '));
}

async function explained(options: UnpackOptions, folder: string | undefined): Promise<void> {
  try {
    await walk(options, folder);
  } catch (error) {
    if (error instanceof TarError || error instanceof ManifestError) {
      throw damaged(options.entry, error.message, error);
    }
    throw explainWrite(error, folder ?? '');
  }
}

/**
 * Writes the files of a base backup into a folder that holds nothing but the ways to its tablespaces, and compares each with
 * the server's manifest on the way. Refuses backup.damaged, backup.no_key, restore.disk_full: what was written until then is nothing.
 */
export function unpackBase(options: UnpackOptions, folder: string): Promise<void> {
  return explained(options, folder);
}

/** The same without writing anything. */
export function checkBase(options: UnpackOptions): Promise<void> {
  return explained(options, undefined);
}
