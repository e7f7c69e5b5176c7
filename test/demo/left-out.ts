import { modules } from '../../src/modules.ts';
import type { TestDatabase } from '../harness/index.ts';

/** The modules that a community may be without. */
export const optional = modules.filter(({ base }) => !base).map(({ name }) => name);

/** A module, and those that cannot be without it. */
export function withDependents(name: string): readonly string[] {
  const left = new Set([name]);
  for (let size = 0; size < left.size; ) {
    size = left.size;
    for (const module of modules) {
      if (module.requires.some((required) => left.has(required))) left.add(module.name);
    }
  }
  return [...left];
}

/** As though these modules had not been chosen. */
export async function leaveOut(place: TestDatabase, names: readonly string[]): Promise<void> {
  await place.query(names.map((schema) => `drop schema ${schema} cascade`).join('; '));
  await place.query('delete from ops.partition_policies where split_part(parent, $$.$$, 1) = any ($1)', [
    names,
  ]);
  await place.query('delete from ops.invariants where module = any ($1)', [names]);
}
