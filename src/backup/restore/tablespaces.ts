import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { exitCodes, StoaError } from '../../errors.ts';
import { canEnter, type RunAs } from '../../postgres/run-as.ts';
import type { BackedUpTablespace, PhysicalBackup } from '../catalog.ts';

export interface TablespaceMapping {
  /** The location on the server that was backed up. */
  readonly from: string;
  readonly to: string;
}

/** Where tablespaces go that lie outside of the data directory. */
export type TablespaceWish =
  /** Those that are not mapped: to where they were, where that is free. */
  | { readonly kind: 'mapped'; readonly mappings: readonly TablespaceMapping[] }
  /** Into the folder of the cluster, with which they are thrown away. */
  | { readonly kind: 'beside' };

export interface PlacedTablespace {
  readonly oid: string;
  /** The location on the server that was backed up. */
  readonly location: string;
  readonly folder: string;
}

function badMapping(
  message: string,
  cure = 'Give --tablespace-mapping OLD=NEW, both from the root on.',
): StoaError {
  return new StoaError('restore.tablespace_mapping', message, { cure, exitCode: exitCodes.input });
}

/** `OLD=NEW`, as pg_basebackup takes it: a `=` that belongs to a path has a backslash before it. */
export function parseTablespaceMapping(text: string): TablespaceMapping {
  const sides = text.split(/(?<!\\)=/).map((side) => side.replaceAll('\\=', '='));
  const [from, to] = sides;
  if (from === undefined || to === undefined || sides.length !== 2) {
    throw badMapping(
      `${JSON.stringify(text)} is no mapping.`,
      'Write it as OLD=NEW, with \\= for a = in a path.',
    );
  }
  for (const path of [from, to]) {
    if (!isAbsolute(path)) throw badMapping(`${JSON.stringify(path)} in ${text} does not begin at the root.`);
  }
  return { from: resolve(from), to: resolve(to) };
}

export function isInPlace({ location }: Pick<BackedUpTablespace, 'location'>): boolean {
  return !isAbsolute(location);
}

function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

/** Through the links that are on the way, as far as there is one. */
function real(path: string): string {
  const there = nearest(path);
  return join(realpathSync(there), relative(there, path));
}

/** Whether one is the other, or lies in it. */
function touch(one: string, other: string): boolean {
  return [relative(one, other), relative(other, one)].some(
    (way) => way !== '..' && !way.startsWith('../') && !isAbsolute(way),
  );
}

function requireFree({ location, folder }: PlacedTablespace): void {
  const isFree = !existsSync(folder) || (statSync(folder).isDirectory() && readdirSync(folder).length === 0);
  if (isFree) return;
  const isOwn = resolve(location) === folder;
  throw new StoaError(
    'restore.tablespace_not_empty',
    isOwn
      ? `The tablespace in ${folder} cannot be restored there: it is not empty, and may be that of a server that runs.`
      : `${folder} is not empty, and the tablespace of ${location} was to be restored there.`,
    {
      cure: `Name a folder that is empty or not there: --tablespace-mapping ${location}=NEW.`,
      exitCode: exitCodes.refused,
    },
  );
}

export interface PlanOptions {
  readonly wish: TablespaceWish;
  /** What becomes the folder of the cluster; its data directory lies in it. */
  readonly cluster: string;
  readonly runAs: RunAs | undefined;
}

/**
 * Where each tablespace of a backup is to be restored; nothing is written. Refuses restore.tablespace_mapping,
 * restore.tablespace_not_empty, restore.tablespace_unreachable.
 */
export function planTablespaces(
  entry: Pick<PhysicalBackup, 'id' | 'tablespaces'>,
  { wish, cluster, runAs }: PlanOptions,
): readonly PlacedTablespace[] {
  const outside = (entry.tablespaces ?? []).filter((one) => !isInPlace(one));
  if (wish.kind === 'beside') return besides(outside, cluster);
  const wanted = new Map<string, string>();
  for (const { from, to } of wish.mappings) {
    if (wanted.has(from)) throw badMapping(`${from} is mapped twice.`, 'Map each location once.');
    if (!outside.some(({ location }) => resolve(location) === from)) {
      const known = outside.map(({ location }) => location).join(', ');
      throw badMapping(
        `${entry.id} has no tablespace in ${from}.`,
        known === '' ? 'It has none that can be mapped.' : `It has: ${known}.`,
      );
    }
    wanted.set(from, to);
  }
  const placed = outside.map(({ oid, location }) => ({
    oid,
    location,
    folder: wanted.get(resolve(location)) ?? resolve(location),
  }));
  for (const [index, one] of placed.entries()) {
    if (touch(real(one.folder), real(cluster))) {
      throw badMapping(
        `${one.folder} and the data directory (${cluster}) would lie in one another.`,
        'Name a folder beside it.',
      );
    }
    for (const other of placed.slice(0, index)) {
      if (touch(real(one.folder), real(other.folder))) {
        throw badMapping(
          `The tablespaces of ${other.location} and ${one.location} would lie in one another: ${other.folder} and ${one.folder}.`,
          'Name a folder of its own for each.',
        );
      }
    }
    requireFree(one);
    if (runAs && !canEnter(runAs, nearest(dirname(one.folder)))) {
      throw new StoaError(
        'restore.tablespace_unreachable',
        `${runAs.name}, who runs the server, may not go to ${one.folder}.`,
        {
          cure: `Let everybody pass through the folders above it (chmod o+x), or map ${one.location} to another.`,
          exitCode: exitCodes.refused,
        },
      );
    }
  }
  return placed;
}

function besides(
  tablespaces: readonly Pick<BackedUpTablespace, 'oid' | 'location'>[],
  cluster: string,
): readonly PlacedTablespace[] {
  return tablespaces.map(({ oid, location }) => ({
    oid,
    location,
    folder: join(cluster, 'tablespaces', oid),
  }));
}

function own(path: string, owner: RunAs | undefined): void {
  chmodSync(path, 0o700);
  if (owner) chownSync(path, owner.uid, owner.gid);
}

function makeFolder(folder: string, owner: RunAs | undefined): void {
  // Whoever runs the server has to pass through those above.
  mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  own(folder, owner);
}

/** The tablespaces of a data directory that is being restored. */
export class Tablespaces {
  readonly #data: string;
  readonly #cluster: string;
  readonly #owner: RunAs | undefined;
  readonly #made: { readonly folder: string; readonly wasThere: boolean }[] = [];
  readonly #gone: readonly string[];
  readonly #inside: readonly string[];
  readonly placed: readonly PlacedTablespace[];

  /** `chain`: what is restored, one over the other. */
  constructor(
    placed: readonly PlacedTablespace[],
    chain: readonly PhysicalBackup[],
    place: { readonly data: string; readonly cluster: string; readonly owner: RunAs | undefined },
  ) {
    const last = chain.at(-1)?.tablespaces ?? [];
    const known = new Set(chain.flatMap(({ tablespaces = [] }) => tablespaces.map(({ oid }) => oid)));
    for (const { oid } of last) known.delete(oid);
    this.placed = placed;
    this.#gone = [...known];
    this.#inside = last.filter(isInPlace).map(({ oid }) => oid);
    this.#data = place.data;
    this.#cluster = place.cluster;
    this.#owner = place.owner;
  }

  #wayTo(oid: string): string {
    return join(this.#data, 'pg_tblspc', oid);
  }

  /** Makes the folders, and the ways to them: what is restored is written through those. */
  prepare(): void {
    if (this.placed.length + this.#gone.length + this.#inside.length === 0) return;
    makeFolder(join(this.#data, 'pg_tblspc'), this.#owner);
    for (const oid of [...this.#inside, ...this.#gone]) makeFolder(this.#wayTo(oid), this.#owner);
    for (const { oid, folder } of this.placed) {
      this.#made.push({ folder, wasThere: existsSync(folder) });
      makeFolder(folder, this.#owner);
      symlinkSync(folder, this.#wayTo(oid));
    }
  }

  /** After the last file: the server is told where they are now, and not where they were. */
  settle(): void {
    for (const oid of this.#gone) rmSync(this.#wayTo(oid), { recursive: true, force: true });
    if (this.placed.length === 0) return;
    const lines = this.placed.map(({ oid, folder }) => `${oid} ${folder.replaceAll(/[\\\n\r]/g, '\\$&')}\n`);
    const path = join(this.#data, 'tablespace_map');
    writeFileSync(path, lines.join(''), { mode: 0o600 });
    if (this.#owner) chownSync(path, this.#owner.uid, this.#owner.gid);
  }

  /** The server takes them only where it is told to. */
  hasInside(): boolean {
    return this.#insideNow().length > 0;
  }

  #insideNow(): readonly string[] {
    const folder = join(this.#data, 'pg_tblspc');
    if (!existsSync(folder)) return [];
    return readdirSync(folder).filter((name) => lstatSync(join(folder, name)).isDirectory());
  }

  /** Those that the log has made in the data directory: they get folders beside it. The server must have been stopped. */
  moveOut(created: readonly Pick<BackedUpTablespace, 'oid' | 'location'>[]): readonly PlacedTablespace[] {
    const inside = this.#insideNow();
    const moved = besides(
      created.filter((one) => !isInPlace(one) && inside.includes(one.oid)),
      this.#cluster,
    );
    for (const { oid, folder } of moved) {
      makeFolder(dirname(folder), this.#owner);
      renameSync(this.#wayTo(oid), folder);
      own(folder, this.#owner);
      symlinkSync(folder, this.#wayTo(oid));
    }
    return moved;
  }

  /** Those that the log has not dropped; what is left of the others is removed. The server must have been stopped. */
  kept(): readonly PlacedTablespace[] {
    const links = existsSync(join(this.#data, 'pg_tblspc')) ? readdirSync(join(this.#data, 'pg_tblspc')) : [];
    for (const { oid, folder } of this.placed) {
      const wasMade = this.#made.some((made) => made.folder === folder && !made.wasThere);
      if (!links.includes(oid) && wasMade && readdirSync(folder).length === 0) rmdirSync(folder);
    }
    return this.placed.filter(({ oid }) => links.includes(oid));
  }

  /** What was restored into folders elsewhere is thrown away. */
  remove(): void {
    for (const { folder, wasThere } of this.#made) {
      if (!existsSync(folder)) continue;
      const left = wasThere ? readdirSync(folder).map((name) => join(folder, name)) : [folder];
      for (const path of left) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}
