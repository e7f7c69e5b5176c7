import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** How the pages in a folder differ from those that the catalog gives. */
export interface Difference {
  readonly path: string;
  readonly state: 'missing' | 'stale' | 'left over';
}

async function readPage(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The pages of modules that are no longer there. Only docs/schema/ is wholly generated. */
async function leftOver(folder: string, pages: ReadonlyMap<string, string>): Promise<readonly string[]> {
  try {
    const names = await readdir(join(folder, 'schema'));
    return names
      .filter((name) => name.endsWith('.md'))
      .map((name) => `schema/${name}`)
      .filter((path) => !pages.has(path))
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** What is not current in the folder `docs/`. */
export async function comparePages(
  folder: string,
  pages: ReadonlyMap<string, string>,
): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  for (const [path, text] of pages) {
    const present = await readPage(join(folder, path));
    if (present === undefined) differences.push({ path, state: 'missing' });
    else if (present !== text) differences.push({ path, state: 'stale' });
  }
  for (const path of await leftOver(folder, pages)) differences.push({ path, state: 'left over' });
  return differences;
}

/** Makes the folder current, and tells what it changed. */
export async function writePages(
  folder: string,
  pages: ReadonlyMap<string, string>,
): Promise<readonly Difference[]> {
  const differences = await comparePages(folder, pages);
  for (const { path, state } of differences) {
    const file = join(folder, path);
    const text = pages.get(path);
    if (state === 'left over' || text === undefined) {
      await rm(file);
    } else {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }
  return differences;
}
