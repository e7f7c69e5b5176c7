import { exitCodes, StoaError } from '../../errors.ts';
import { type Definition, replacesInPlace } from './definition.ts';
import { definersOf, inDependencyOrder, type World } from './dependency.ts';
import type { ObjectSource } from './source.ts';

/** The way from one world of objects to another. */
export interface Transition {
  /** Statements that come first: what is dropped, revoked or uncommented. Without semicolons. */
  readonly before: readonly string[];
  /** Objects whose text is then run, in order. */
  readonly sections: readonly ObjectSource[];
  /** Paths of objects that are in the sections only because something they stand on is dropped. */
  readonly rebuilt: readonly string[];
}

/**
 * Leads `from` to `to` for the given paths. What `create or replace` cannot change is dropped first, together with
 * the objects that stand on it, which are then made again.
 */
export function transition(paths: readonly string[], from: World, to: World): Transition {
  const drops = dropsOf(paths, from, to);
  const rebuilt = [...drops.keys()].filter((path) => !paths.includes(path));
  refuseDangling(from, to, rebuilt);

  const before: string[] = [];
  for (const path of [...inDependencyOrder(drops.keys(), from)].reverse()) {
    for (const definition of [...(drops.get(path) ?? [])].reverse()) before.push(definition.drop);
  }
  const dropped = [...drops.values()].flat();
  for (const path of paths) before.push(...withdrawn(from.get(path), to.get(path), dropped));

  const made = [...paths, ...rebuilt].filter((path) => to.has(path));
  const sections = inDependencyOrder(made, to).flatMap((path) => to.get(path) ?? []);
  return { before, sections, rebuilt };
}

/** What must be dropped, by path, with everything that stands on it. */
export function dropsOf(paths: readonly string[], from: World, to: World): Map<string, Definition[]> {
  const drops = new Map<string, Definition[]>();
  for (const path of paths) {
    const kept = new Map(
      (to.get(path)?.definitions ?? []).map((definition) => [definition.identity, definition]),
    );
    const dropped = (from.get(path)?.definitions ?? []).filter((definition) => {
      const successor = kept.get(definition.identity);
      return !successor || !replacesInPlace(definition, successor);
    });
    if (dropped.length > 0) drops.set(path, dropped);
  }
  const names = new Set<string>();
  const collect = (definitions: readonly Definition[]): void => {
    for (const { mentionedAs } of definitions) if (mentionedAs !== undefined) names.add(mentionedAs);
  };
  for (const definitions of drops.values()) collect(definitions);
  for (let isGrowing = true; isGrowing; ) {
    isGrowing = false;
    for (const object of from.values()) {
      const isWhole = drops.get(object.path)?.length === object.definitions.length;
      if (isWhole || !mentionsOneOf(object, names)) continue;
      drops.set(object.path, [...object.definitions]);
      collect(object.definitions);
      isGrowing = true;
    }
  }
  return drops;
}

function mentionsOneOf(object: ObjectSource, names: ReadonlySet<string>): boolean {
  const own = new Set(object.definitions.map(({ mentionedAs }) => mentionedAs));
  for (const name of object.mentions) if (names.has(name) && !own.has(name)) return true;
  return false;
}

/** An object that stays must not mention one that goes. */
function refuseDangling(from: World, to: World, rebuilt: readonly string[]): void {
  const before = definersOf(from);
  const after = definersOf(to);
  for (const path of rebuilt) {
    const object = to.get(path);
    if (!object) continue;
    const gone = [...object.mentions].find((name) => before.has(name) && !after.has(name));
    if (gone === undefined) continue;
    throw new StoaError('objects.still_needed', `sql/${path} mentions ${gone}, which is no longer there.`, {
      cure: `Change sql/${path} as well, or put ${gone} back.`,
      exitCode: exitCodes.input,
    });
  }
}

/** What running the new text would leave standing of the old one: grants and comments. */
function withdrawn(
  from: ObjectSource | undefined,
  to: ObjectSource | undefined,
  dropped: readonly Definition[],
): readonly string[] {
  if (!from) return [];
  const statements: string[] = [];
  // With a function or a view, its grants and comments are gone as well.
  const isGone = (target: string): boolean =>
    dropped.some(
      (definition) =>
        target.endsWith(` ${definition.identity}`) ||
        target.endsWith(` ${commentName(definition)}`) ||
        target.startsWith(`column ${definition.identity}.`),
    );
  for (const [target, roles] of from.grants) {
    if (isGone(target)) continue;
    const stay = to?.grants.get(target);
    const cleared = to?.clears.get(target);
    const isSame =
      stay !== undefined && [...roles].every((role) => stay.has(role)) && grantText(from) === grantText(to);
    const left = isSame ? [] : [...roles].filter((role) => !cleared?.has(role));
    if (left.length > 0) statements.push(`revoke all on ${target} from ${left.join(', ')}`);
  }
  for (const target of from.comments) {
    if (!isGone(target) && !to?.comments.has(target)) statements.push(`comment on ${target} is null`);
  }
  return statements;
}

/** As `comment on` names it: a trigger or a policy is named on its table. */
function commentName({ kind, name, table, identity }: Definition): string {
  return kind === 'trigger' || kind === 'policy' ? `${name} on ${table}` : identity;
}

function grantText(object: ObjectSource | undefined): string {
  return (object?.statements ?? [])
    .filter(({ node }) => 'GrantStmt' in node)
    .map(({ text }) => text.replaceAll(/\s+/g, ' '))
    .join(';');
}
