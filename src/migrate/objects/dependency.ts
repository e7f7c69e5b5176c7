import { exitCodes, StoaError } from '../../errors.ts';
import { modules as registry } from '../../modules.ts';
import { folders, type ObjectSource } from './source.ts';

/** Objects by path. */
export type World = ReadonlyMap<string, ObjectSource>;

/** The paths of the objects that define each name. */
export function definersOf(world: World): ReadonlyMap<string, readonly string[]> {
  const definers = new Map<string, string[]>();
  for (const { path, definitions } of world.values()) {
    for (const { mentionedAs } of definitions) {
      if (mentionedAs === undefined) continue;
      const paths = definers.get(mentionedAs) ?? [];
      if (!paths.includes(path)) paths.push(path);
      definers.set(mentionedAs, paths);
    }
  }
  return definers;
}

/** The paths of the objects that must exist before this one. */
export function needsOf(
  object: ObjectSource,
  definers: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const paths = new Set<string>();
  for (const name of object.mentions) {
    for (const path of definers.get(name) ?? []) if (path !== object.path) paths.add(path);
  }
  return [...paths];
}

/**
 * Orders the objects so that each comes after what it needs; where that leaves a choice: functions, views, triggers,
 * policies, and among those the modules in creation order.
 */
export function inDependencyOrder(paths: Iterable<string>, world: World): readonly string[] {
  const definers = definersOf(world);
  const wanted = new Set(paths);
  const ordered: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (path: string, above: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') throw circle([...above.slice(above.indexOf(path)), path]);
    const object = world.get(path);
    if (!object) return;
    state.set(path, 'open');
    for (const needed of [...needsOf(object, definers)].sort(byPlace)) {
      // An object that does not change is there already.
      if (wanted.has(needed)) visit(needed, [...above, path]);
    }
    state.set(path, 'done');
    ordered.push(path);
  };
  for (const path of [...wanted].sort(byPlace)) visit(path, []);
  return ordered;
}

function circle(paths: readonly string[]): StoaError {
  return new StoaError(
    'objects.circle',
    `These objects need one another: ${paths.map((path) => `sql/${path}`).join(' → ')}.`,
    {
      cure: 'Write the body of one of the functions as a string ($$ … $$): it binds when it is called, not when it is created.',
      exitCode: exitCodes.input,
    },
  );
}

function byPlace(a: string, b: string): number {
  const place = (path: string): string => {
    const [module = '', folder = ''] = path.split('/');
    const kind = (folders as readonly string[]).indexOf(folder);
    const rank = registry.findIndex(({ name }) => name === module);
    return `${kind}/${String(rank < 0 ? 999 : rank).padStart(3, '0')}/${path}`;
  };
  return place(a) < place(b) ? -1 : 1;
}
