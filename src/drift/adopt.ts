import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { followingVersions, slugOf } from '../migrate/create.ts';
import { loadMigrations } from '../migrate/load.ts';
import { withMigrator } from '../migrate/migrator.ts';
import { modules as registry } from '../modules.ts';
import { connect } from '../postgres/connect.ts';
import { type Drift, drift, type Portrait, portray } from './compare.ts';
import { type Convergence, converge, type Refused, type WrittenStatement } from './converge.ts';
import { replay, withCopy } from './replay.ts';

export interface AdoptOptions {
  readonly name: string;
  readonly root: string;
  /** A database in which the history was replayed. Nobody may be connected to it. */
  readonly historyUrl: string;
  readonly liveUrl: string;
  readonly now?: Date;
  /** Leave out what cannot be written, instead of refusing all. */
  readonly partial?: boolean;
  /** Ids of differences that are accepted as they are. */
  readonly leaveOut?: ReadonlySet<string>;
}

export interface Adoption {
  /** From the root of the project, in order. */
  readonly files: readonly string[];
  readonly statements: number;
  readonly refused: readonly Refused[];
  /** What going back cannot restore; the files then have no Down section. */
  readonly irreversible: readonly Refused[];
}

/**
 * Writes the migration that leads from the history to the live database, and back, and proves it: the engine applies
 * the files to a copy of the history, whose catalog must then be that of the live database, and undoes them again.
 */
export async function adopt(options: AdoptOptions): Promise<Adoption> {
  const slug = slugOf(options.name);
  const { up, down, target, origin } = await withCopy(options.historyUrl, async (workUrl) => {
    const live = await open(options.liveUrl);
    try {
      const target = await portray(live);
      const work = await open(workUrl);
      try {
        const origin = { ...(await portray(work)), settings: [] };
        const up = await converge({ from: work, to: live }, target, options.leaveOut);
        if (up.refused.length > 0 && !options.partial) throw refused(up.refused);
        const history = await open(options.historyUrl);
        try {
          const down = await converge({ from: work, to: history }, origin);
          return { up, down, target, origin };
        } finally {
          await history.end();
        }
      } finally {
        await work.end();
      }
    } finally {
      await live.end();
    }
  });
  if (up.statements.length === 0) {
    return { files: [], statements: 0, refused: up.refused, irreversible: [] };
  }
  const files = await writeFiles(options, slug, up, down);
  try {
    await prove(options, files, { up, down, target, origin });
  } catch (error) {
    for (const file of files) await rm(join(options.root, file));
    throw error;
  }
  return {
    files,
    statements: up.statements.length,
    refused: up.refused,
    irreversible: down.refused,
  };
}

/** As the owner: who runs migrations, and may read the registries. */
async function open(url: string): Promise<Client> {
  const client = await connect(url, 'drift');
  // Names are then printed in full.
  await client.query("set search_path = ''");
  await client.query('set role stoa_owner');
  return client;
}

function refused(list: readonly Refused[]): StoaError {
  const lines = list.map(
    ({ difference: { change, kind, identity }, reason }) => `  ${change} ${kind} ${identity}\n    ${reason}.`,
  );
  return new StoaError('drift.not_adoptable', `No migration can say this:\n${lines.join('\n')}`, {
    cure: 'Take it back in the live database, or accept it with a reason (stoa drift --suppress ID --reason TEXT); --partial adopts the rest.',
    exitCode: exitCodes.refused,
  });
}

/** One file a module, so that a module that is left out takes its part with it. */
function byModule(statements: readonly WrittenStatement[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { sql, schema } of statements) {
    const module = registry.find((candidate) => candidate.schema === schema)?.name ?? 'core';
    found.set(module, [...(found.get(module) ?? []), sql]);
  }
  return new Map(registry.flatMap(({ name }) => (found.has(name) ? [[name, found.get(name) ?? []]] : [])));
}

async function writeFiles(
  { root, now = new Date() }: AdoptOptions,
  slug: string,
  up: Convergence,
  down: Convergence,
): Promise<readonly string[]> {
  const versions = followingVersions(now, (await loadMigrations(root, registry)).at(-1)?.version);
  const ups = byModule(up.statements);
  const downs = byModule(down.statements);
  const isReversible = down.refused.length === 0;
  const files: string[] = [];
  const homes = registry.map(({ name }) => name).filter((name) => ups.has(name) || downs.has(name));
  for (const module of homes) {
    const folder = join('migrations', module);
    await mkdir(join(root, folder), { recursive: true });
    const file = join(folder, `${versions.next().value}_${slug}.sql`);
    const text = migrationText(
      ups.get(module) ?? [],
      isReversible ? (downs.get(module) ?? []) : undefined,
      down.refused,
    );
    await writeFile(join(root, file), text, { flag: 'wx' });
    files.push(file);
  }
  return files;
}

const section = (statements: readonly string[]): string =>
  statements.length === 0
    ? '-- Nothing to do.\n'
    : `-- Bodies that are strings bind when they are called.\nset local check_function_bodies = off;\n\n${statements
        .map((sql) => `${sql.trim()};\n`)
        .join('\n')}`;

function migrationText(
  up: readonly string[],
  down: readonly string[] | undefined,
  lost: readonly Refused[],
): string {
  const back =
    down === undefined
      ? `-- Back: not by itself. ${lost.map(({ reason }) => reason.replaceAll(/\s+/g, ' ')).join('; ')}.\n`
      : '-- Back: what history said before; rows of what is dropped are lost.\n';
  return [
    '-- Why: adopts what was changed by hand in a live database, so that every database is made like it.\n',
    '-- Locks: those of each statement, on tables that may be large elsewhere: read "stoa migrate plan" before it runs\n',
    '-- there. The database that has it already records it without running it (stoa migrate baseline).\n',
    back,
    '\n-- Up Migration\n\n',
    section(up),
    ...(down === undefined ? [] : ['\n-- Down Migration\n\n', section(down)]),
  ].join('');
}

async function prove(
  { root, historyUrl, leaveOut = new Set() }: AdoptOptions,
  files: readonly string[],
  { up, down, target, origin }: { up: Convergence; down: Convergence; target: Portrait; origin: Portrait },
): Promise<void> {
  const names = files.map((file) => file.replace(/^.*\//, '').replace(/\.sql$/, ''));
  const known = new Set([...up.refused.map(({ difference }) => difference.id), ...leaveOut]);
  await withCopy(historyUrl, async (databaseUrl) => {
    await replay(databaseUrl, { root, names });
    const after = await look(databaseUrl);
    refuseDifferences('Up', drift(after, target), known);
    if (down.refused.length > 0) return;
    await withMigrator(
      { databaseUrl, root, modules: registry.map(({ name }) => name) },
      async ({ migrations, plan, apply }) => {
        for (const migration of migrations.filter(({ name }) => names.includes(name)).reverse()) {
          await apply(await plan(migration, 'down'));
        }
      },
    );
    refuseDifferences('Down', drift(await look(databaseUrl), origin), new Set());
  });
}

async function look(databaseUrl: string): Promise<Portrait> {
  const client = await connect(databaseUrl, 'drift');
  try {
    return { ...(await portray(client)), settings: [] };
  } finally {
    await client.end();
  }
}

function refuseDifferences(direction: string, found: readonly Drift[], known: ReadonlySet<string>): void {
  const unexpected = found.filter(({ id }) => !known.has(id));
  if (unexpected.length === 0) return;
  throw new StoaError(
    'drift.not_proven',
    `What was written does not lead there: after ${direction} there is still\n${unexpected
      .map(({ change, kind, identity }) => `  ${change} ${kind} ${identity}`)
      .join('\n')}`,
    { cure: 'Write this migration by hand; nothing was left behind.', exitCode: exitCodes.checkFailed },
  );
}
