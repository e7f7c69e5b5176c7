import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Module } from '../../modules.ts';
import { folders, type ObjectSource, parseObject } from './source.ts';

/** Every object of the chosen modules as it stands under `sql/`, by path. */
export async function readWorkingCopy(
  root: string,
  modules: readonly Module[],
): Promise<ReadonlyMap<string, ObjectSource>> {
  const objects = new Map<string, ObjectSource>();
  for (const module of modules) {
    for (const folder of folders) {
      for (const entry of await entriesOf(join(root, 'sql', module.name, folder))) {
        const path = `${module.name}/${folder}/${entry}`;
        const text = await readFile(join(root, 'sql', path), 'utf8');
        objects.set(path, await parseObject(path, text, module.schema));
      }
    }
  }
  return objects;
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((entry) => entry.endsWith('.sql')).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
