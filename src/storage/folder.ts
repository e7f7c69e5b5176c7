import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { StoaError } from '../errors.ts';
import { sourceOf } from './source.ts';
import { checkKey, type ObjectInfo, type Storage, type StorageFault, storageError } from './storage.ts';
import { syncFolder } from './sync-folder.ts';
import { writeToDisk } from './write-to-disk.ts';

const faults: Readonly<Record<string, StorageFault>> = {
  ENOENT: 'missing',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EIO: 'unreachable',
  ESTALE: 'unreachable',
};

/** In bytes: a sixteenth of the turns that the default of Node takes, and still little where many read. */
const readAtOnce = 1024 * 1024;

/** Below the root; no key begins with a dot and this, so it is never listed. */
const unfinishedFolder = '.unfinished';

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/**
 * Objects as files below one folder. Written beside their place, flushed, then renamed into it, and the folders are
 * flushed as well: a crash leaves the old object or the new one.
 */
export function folderStorage(root: string): Storage {
  const description = `the folder ${root}`;
  const pathOf = (key: string): string => {
    checkKey(key, description);
    return join(root, ...key.split('/'));
  };
  const explain = (error: unknown, key: string): unknown => {
    if (error instanceof StoaError) return error;
    const fault = faults[codeOf(error) ?? ''];
    if (fault === undefined) return error;
    const reason = fault === 'missing' ? `there is no object ${key}.` : `${key}: ${codeOf(error)}.`;
    return storageError(fault, description, reason, error);
  };
  const infoOf = async (key: string): Promise<ObjectInfo | undefined> => {
    try {
      const found = await stat(pathOf(key));
      return found.isFile() ? { key, size: found.size, modifiedAt: found.mtime } : undefined;
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
      throw explain(error, key);
    }
  };

  async function* walk(folder: string, prefix: string): AsyncGenerator<ObjectInfo> {
    let entries: import('node:fs').Dirent[];
    try {
      entries = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw explain(error, relative(root, folder));
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const key = relative(root, path).split(sep).join('/');
      if (entry.isDirectory()) {
        const below = `${key}/`;
        const mayMatch = below.startsWith(prefix) || prefix.startsWith(below);
        if (mayMatch && key !== unfinishedFolder) yield* walk(path, prefix);
      } else if (entry.isFile() && key.startsWith(prefix)) {
        const info = await infoOf(key);
        if (info !== undefined) yield info;
      }
    }
  }

  return {
    description,

    async put(key, body, { signal } = {}) {
      const path = pathOf(key);
      const source = sourceOf(body);
      const unfinished = join(root, unfinishedFolder, randomBytes(12).toString('hex'));
      try {
        await mkdir(dirname(unfinished), { recursive: true, mode: 0o700 });
        const handle = await open(unfinished, 'wx', 0o600);
        try {
          await writeToDisk(handle, source.content, signal);
        } finally {
          await handle.close();
        }
        const first = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await rename(unfinished, path);
        // From the object's folder up to the lowest that was there before.
        const stop = dirname(first ?? dirname(path));
        for (let folder = dirname(path); ; folder = dirname(folder)) {
          await syncFolder(folder);
          if (folder === stop || folder === root || folder === dirname(folder)) break;
        }
        return { size: source.size() };
      } catch (error) {
        await rm(unfinished, { force: true });
        throw source.fault() ?? explain(error, key);
      }
    },

    async get(key, range) {
      const info = await infoOf(key);
      if (info === undefined) throw storageError('missing', description, `there is no object ${key}.`);
      try {
        const handle = await open(pathOf(key), 'r');
        const body = createReadStream('', {
          fd: handle,
          highWaterMark: readAtOnce,
          start: range?.first ?? 0,
          ...(range?.last === undefined ? {} : { end: range.last }),
        });
        return { info, body };
      } catch (error) {
        throw explain(error, key);
      }
    },

    head: infoOf,

    list(prefix) {
      return walk(root, prefix);
    },

    async delete(key) {
      const path = pathOf(key);
      try {
        await rm(path);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return false;
        throw explain(error, key);
      }
      // Folders that became empty go too; one that a writer fills at this moment stays.
      for (let folder = dirname(path); folder !== root; folder = dirname(folder)) {
        try {
          await rmdir(folder);
        } catch {
          break;
        }
      }
      return true;
    },

    async *leftovers() {
      const folder = join(root, unfinishedFolder);
      if (!(await stat(folder).catch(() => undefined))) return;
      for (const id of await readdir(folder)) {
        const found = await stat(join(folder, id)).catch(() => undefined);
        if (found) yield { id, name: `${unfinishedFolder}/${id}`, changedAt: found.mtime };
      }
    },

    async removeLeftover(id) {
      if (!/^[0-9a-f]+$/.test(id)) throw storageError('bad_key', description, `${id} is no leftover.`);
      await rm(join(root, unfinishedFolder, id), { force: true });
    },

    close() {},
  };
}
