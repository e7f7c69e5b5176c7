import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './options.ts';

/** The CSV files of a folder; none where none is named. */
export function findPosts(folder: string | undefined): readonly string[] {
  if (folder === undefined) return [];
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new UsageError(`--posts: ${error instanceof Error ? error.message : String(error)}`);
  }
  const files = names.filter((name) => name.endsWith('.csv')).sort();
  if (files.length === 0) throw new UsageError(`--posts: there is no .csv file in ${folder}.`);
  return files.map((name) => join(folder, name));
}
