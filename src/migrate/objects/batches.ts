import { exitCodes, StoaError } from '../../errors.ts';
import { type Module, modules as registry, resolveModules } from '../../modules.ts';
import { definersOf, inDependencyOrder, needsOf, type World } from './dependency.ts';
import { dropsOf } from './transition.ts';

/** The objects that one migration file carries. */
export interface Batch {
  readonly module: string;
  readonly paths: readonly string[];
}

/**
 * Cuts a set of changes into files: each file belongs to one module, and each object comes after what it needs, in
 * its file or in an earlier one. A module whose object needs one of a later module gets a second file.
 */
export function batchesOf(changed: readonly string[], from: World, to: World): readonly Batch[] {
  refuseOptionalNeeds(changed, to);
  const { groups, earlier } = arrange(changed, from, to);
  const groupOf = new Map(groups.flatMap((group) => group.paths.map((path) => [path, group])));
  const waiting = new Set(groups);
  const batches: Batch[] = [];
  while (waiting.size > 0) {
    const before = batches.length;
    for (const { name: module } of registry) {
      const taken = new Set<Batch>();
      const isThere = (path: string, group: Batch): boolean => {
        const other = groupOf.get(path);
        return other === undefined || other === group || !waiting.has(other) || taken.has(other);
      };
      for (let isGrowing = true; isGrowing; ) {
        isGrowing = false;
        for (const group of waiting) {
          if (group.module !== module || taken.has(group)) continue;
          if (
            group.paths.every((path) =>
              [...(earlier.get(path) ?? [])].every((other) => isThere(other, group)),
            )
          ) {
            taken.add(group);
            isGrowing = true;
          }
        }
      }
      if (taken.size > 0) batches.push({ module, paths: [...taken].flatMap(({ paths }) => paths).sort() });
      for (const group of taken) waiting.delete(group);
    }
    if (batches.length === before)
      throw tangle(
        [...waiting].flatMap(({ paths }) => paths),
        to,
      );
  }
  return batches;
}

function tangle(paths: readonly string[], to: World): StoaError {
  // Throws by itself when the objects need one another in a circle.
  inDependencyOrder(paths, to);
  return new StoaError(
    'objects.tangle',
    `No order is right for these changes: ${paths.map((path) => `sql/${path}`).join(', ')}.`,
    {
      cure: 'Change them in two migrations: first what uses the others, then the others.',
      exitCode: exitCodes.input,
    },
  );
}

interface Arrangement {
  /** Objects that change in one file. */
  readonly groups: readonly Batch[];
  /** For each object, those that must have changed before it, or in the same file. */
  readonly earlier: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * An object that is dropped and made anew takes with it what stands on it. Where such an object changes as well and
 * still stands on it afterwards, both change in one file; where it does not, it changes first.
 */
function arrange(changed: readonly string[], from: World, to: World): Arrangement {
  const definers = definersOf(to);
  const isChanged = new Set(changed);
  const earlier = new Map<string, Set<string>>();
  const leaders = new Map(changed.map((path) => [path, path]));
  const leaderOf = (path: string): string => {
    const next = leaders.get(path) ?? path;
    return next === path ? path : leaderOf(next);
  };
  for (const path of changed) {
    const object = to.get(path);
    earlier.set(
      path,
      new Set(object ? needsOf(object, definers).filter((needed) => isChanged.has(needed)) : []),
    );
  }
  for (const path of changed) {
    const standing = [...dropsOf([path], from, to).keys()].filter((other) => other !== path);
    refuseOptionalDependents(path, standing);
    const together = new Set([path, ...standing]);
    for (const other of standing.filter((each) => isChanged.has(each))) {
      const successor = to.get(other);
      const stays = successor && needsOf(successor, definers).some((needed) => together.has(needed));
      if (stays) leaders.set(leaderOf(other), leaderOf(path));
      else earlier.get(path)?.add(other);
    }
  }
  const groups = new Map<string, string[]>();
  for (const path of changed) groups.set(leaderOf(path), [...(groups.get(leaderOf(path)) ?? []), path]);
  return {
    groups: [...groups.values()].map((paths) => ({ module: firstModule(paths), paths })),
    earlier,
  };
}

function firstModule(paths: readonly string[]): string {
  const first = registry.find(({ name }) => paths.some((path) => moduleOf(path) === name));
  if (!first) throw new RangeError(`no module for ${paths.join()}`);
  return first.name;
}

/** A file of one module cannot make again what stands in a module that may be left out. */
function refuseOptionalDependents(path: string, standing: readonly string[]): void {
  const present = presentWith(moduleOf(path));
  const stranger = standing.find((other) => !present.has(moduleOf(other)));
  if (stranger === undefined) return;
  throw new StoaError(
    'objects.across_modules',
    `sql/${path} must be dropped and made again, and sql/${stranger}, of a module that can be left out, stands on it.`,
    {
      cure: 'Do it in steps: add the new form under another name, move the other object to it, then remove the old form.',
      exitCode: exitCodes.input,
    },
  );
}

/** An object may only bind to modules that are there whenever its own is. */
function refuseOptionalNeeds(changed: readonly string[], to: World): void {
  const bySchema = new Map<string, Module>(registry.map((module) => [module.schema, module]));
  for (const path of changed) {
    const present = presentWith(moduleOf(path));
    for (const name of to.get(path)?.mentions ?? []) {
      const module = bySchema.get(name.slice(0, name.indexOf('.')));
      if (!module || present.has(module.name)) continue;
      throw new StoaError(
        'objects.needs_other_module',
        `sql/${path} needs ${name} when it is created, but the module ${module.name} can be left out.`,
        {
          cure: `Move the object to ${module.name}, or mention ${name} only inside a body that is a string ($$ … $$).`,
          exitCode: exitCodes.input,
        },
      );
    }
  }
}

/** The modules that are there whenever the given one is. */
function presentWith(module: string): ReadonlySet<string> {
  return new Set(resolveModules([module]).map(({ name }) => name));
}

function moduleOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}
