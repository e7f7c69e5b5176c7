import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes, StoaError } from '../errors.ts';
import { modules as registry } from '../modules.ts';
import { loadMigrations } from './load.ts';
import { batchesOf } from './objects/batches.ts';
import { compareObjects } from './objects/compare.ts';
import { composeMigration } from './objects/compose.ts';
import { readHistory } from './objects/history.ts';
import type { ObjectSource } from './objects/source.ts';
import { readWorkingCopy } from './objects/working-copy.ts';

export interface CreatedMigration {
  /** From the root of the project. */
  readonly file: string;
  readonly module: string;
  /** Objects of the working copy that it carries; empty for a template. */
  readonly objects: readonly string[];
}

export interface CreateOptions {
  readonly root: string;
  /** Words of the file name. */
  readonly name: string;
  /** Only what differs in this module; also the home of a template. Default: every module. */
  readonly module?: string | undefined;
  readonly now?: Date;
}

/**
 * Writes migrations from what differs between `sql/` and the migrations that exist, one file a module (more where
 * objects need one another across modules); a template for hand-written SQL when nothing differs.
 */
export async function createMigrations(options: CreateOptions): Promise<readonly CreatedMigration[]> {
  const { root, module, now = new Date() } = options;
  const slug = slugOf(options.name);
  if (module !== undefined && !registry.some(({ name }) => name === module)) {
    throw new StoaError('modules.unknown', `There is no module named "${module}".`, {
      cure: `Choose from: ${registry.map(({ name }) => name).join(', ')}.`,
      exitCode: exitCodes.usage,
    });
  }
  const migrations = await loadMigrations(root, registry);
  const versions = followingVersions(now, migrations.at(-1)?.version);
  const nextVersion = (): string => versions.next().value;
  const history = await readHistory(migrations);
  const workingCopy = await readWorkingCopy(root, registry);
  const changed = compareObjects(history, workingCopy)
    .filter(({ state, path }) => state !== 'same' && (module === undefined || path.startsWith(`${module}/`)))
    .map(({ path }) => path);

  if (changed.length === 0) {
    const home = module ?? 'core';
    const file = await write(root, home, `${nextVersion()}_${slug}`, template(slug));
    return [{ file, module: home, objects: [] }];
  }

  const target = withPaths(history, workingCopy, changed);
  const created: CreatedMigration[] = [];
  let world: ReadonlyMap<string, ObjectSource> = history;
  const written = new Map<string, number>();
  for (const batch of batchesOf(changed, history, target)) {
    const after = withPaths(world, workingCopy, batch.paths);
    const composed = composeMigration(slug.replaceAll('_', ' '), batch.paths, world, after);
    const times = (written.get(batch.module) ?? 0) + 1;
    written.set(batch.module, times);
    const name = `${nextVersion()}_${slug}${times === 1 ? '' : `_${times}`}`;
    created.push({
      file: await write(root, batch.module, name, composed.text),
      module: batch.module,
      objects: composed.paths,
    });
    world = after;
  }
  return created;
}

export function slugOf(name: string): string {
  const slug = name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  if (!/^[a-z][a-z0-9_]{0,99}$/.test(slug)) {
    throw new StoaError('migrate.name', `"${name}" does not make a file name.`, {
      cure: 'Use a few English words that begin with a letter: stoa migrate new add_post_language.',
      exitCode: exitCodes.usage,
    });
  }
  return slug;
}

/** `world` with the objects at `paths` as they are in `source`. */
function withPaths(
  world: ReadonlyMap<string, ObjectSource>,
  source: ReadonlyMap<string, ObjectSource>,
  paths: readonly string[],
): ReadonlyMap<string, ObjectSource> {
  const mixed = new Map(world);
  for (const path of paths) {
    const object = source.get(path);
    if (object) mixed.set(path, object);
    else mixed.delete(path);
  }
  return mixed;
}

/** Numbers of the moment (UTC), second by second, and always after the newest migration. */
export function* followingVersions(now: Date, last: string | undefined): Generator<string, never> {
  let moment = now.getTime();
  if (last !== undefined) moment = Math.max(moment, momentOf(last) + 1_000);
  for (;;) {
    yield new Date(moment).toISOString().replaceAll(/\D/g, '').slice(0, 14);
    moment += 1_000;
  }
}

function momentOf(version: string): number {
  const [year, month, day, hour, minute, second] = [0, 4, 6, 8, 10, 12].map((at, index) =>
    Number(version.slice(at, at + (index === 0 ? 4 : 2))),
  );
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

async function write(root: string, module: string, name: string, text: string): Promise<string> {
  const folder = join('migrations', module);
  await mkdir(join(root, folder), { recursive: true });
  const file = join(folder, `${name}.sql`);
  await writeFile(join(root, file), text, { flag: 'wx' });
  return file;
}

function template(slug: string): string {
  return `-- Why: TODO: what is ${slug.replaceAll('_', ' ')} for?
-- Locks: TODO: which, on what, for how long on a big table.
-- Back: TODO: what going back restores, and what it loses.

-- Up Migration


-- Down Migration

`;
}
