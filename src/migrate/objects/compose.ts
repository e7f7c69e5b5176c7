import { exitCodes, StoaError } from '../../errors.ts';
import type { World } from './dependency.ts';
import { removalHead, sectionHead, sectionsEnd } from './history.ts';
import { folders, type ObjectSource } from './source.ts';
import { type Transition, transition } from './transition.ts';

export interface ComposedMigration {
  readonly text: string;
  /** Paths of the objects that it brings, changes or takes away. */
  readonly paths: readonly string[];
}

/** The text of a migration that leads the objects at `paths` from one world to the other, and back. */
export function composeMigration(
  title: string,
  paths: readonly string[],
  from: World,
  to: World,
): ComposedMigration {
  const up = transition(paths, from, to);
  const down = transition(paths, to, from);
  const removed = paths.filter((path) => !to.has(path));
  const text = [
    header(title, paths, from, to, up),
    '',
    '-- Up Migration',
    '',
    ...direction(up, removed),
    '',
    '-- Down Migration',
    '',
    ...direction(down, []),
    '',
  ].join('\n');
  return { text, paths: [...paths, ...up.rebuilt] };
}

/** Only Up says what is removed: it is where the present state is read from. */
function direction({ before, sections }: Transition, removed: readonly string[]): string[] {
  const lines: string[] = [];
  if (sections.length > 0) {
    lines.push(
      '-- Bodies that are strings bind when they are called.',
      'set local check_function_bodies = off;',
      '',
    );
  }
  for (const path of removed) lines.push(removalHead(path));
  for (const statement of before) lines.push(`${statement};`);
  if (removed.length + before.length > 0) lines.push('');
  for (const section of sections) {
    refuseMarkers(section);
    lines.push(sectionHead(section.path), section.text);
  }
  if (sections.length > 0) lines.push(sectionsEnd);
  else if (before.length === 0) lines.push('-- Nothing to do.');
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A line inside an object that looks like one of ours would cut it in two. */
function refuseMarkers({ path, text }: ObjectSource): void {
  const line = text
    .split('\n')
    .find(
      (each) =>
        /^--\s*(up|down) migration\s*$/i.test(each) ||
        /^-- (Object|Object removed|End of objects)\b/.test(each),
    );
  if (line === undefined) return;
  throw new StoaError(
    'objects.marker',
    `sql/${path} has a line that means something in a migration: "${line}".`,
    {
      cure: 'Word the comment differently.',
      exitCode: exitCodes.input,
    },
  );
}

function header(title: string, paths: readonly string[], from: World, to: World, up: Transition): string {
  const made = paths.filter((path) => !from.has(path));
  const removed = paths.filter((path) => !to.has(path));
  const changed = paths.filter((path) => from.has(path) && to.has(path));
  const isFirst = changed.length + removed.length === 0;
  const lines = wrap(
    isFirst
      ? `Why: ${title}: ${countKinds(made)}, as they stand under sql/.`
      : `Why: TODO: what is ${title} for?`,
  );
  const list = (word: string, which: readonly string[]): void => {
    if (which.length === 0) return;
    const shown = which.slice(0, listedObjects).map(shortName).join(', ');
    const rest = which.length - listedObjects;
    lines.push(...wrap(`${word}: ${shown}${rest > 0 ? ` and ${rest} more` : ''}.`));
  };
  if (!isFirst || made.length <= listedObjects) list('New', made);
  list('Changed', changed);
  list('Made again', up.rebuilt);
  list('Removed', removed);
  lines.push(...wrap(`Locks: ${locks(up)}`));
  lines.push(
    ...wrap(
      isFirst
        ? 'Back: drops what is new. No data is touched.'
        : 'Back: the text that each object had before; what is new is dropped. No data is touched.',
    ),
  );
  return lines.join('\n');
}

/** Longer lists are cut: the sections below are the list. */
const listedObjects = 12;

/** `14 functions, 3 triggers` */
function countKinds(paths: readonly string[]): string {
  return folders
    .map((folder) => ({ folder, count: paths.filter((path) => path.includes(`/${folder}/`)).length }))
    .filter(({ count }) => count > 0)
    .map(({ folder, count }) =>
      folder === 'policies'
        ? `policies of ${count} tables`
        : `${count} ${count === 1 ? folder.slice(0, -1) : folder}`,
    )
    .join(', ');
}

function shortName(path: string): string {
  return path
    .replace(/\.sql$/, '')
    .replace(/\/functions\//, '.')
    .replace(/\/(views|triggers|policies)\//, ' $1 ');
}

function locks({ before, sections }: Transition): string {
  const tables = (folder: string): string[] => [
    ...new Set(
      sections
        .filter((section) => section.folder === folder)
        .flatMap(({ definitions }) => definitions.flatMap(({ table }) => table ?? [])),
    ),
  ];
  const policies = tables('policies');
  const triggers = tables('triggers');
  const parts: string[] = [];
  if (policies.length > 0)
    parts.push(`ACCESS EXCLUSIVE, for an instant, on ${policies.join(', ')} (policies)`);
  if (triggers.length > 0)
    parts.push(`SHARE ROW EXCLUSIVE, for an instant, on ${triggers.join(', ')} (triggers)`);
  if (before.some((statement) => /^drop (trigger|policy|view)/.test(statement))) {
    parts.push('ACCESS EXCLUSIVE, for an instant, on what loses a trigger, a policy or a view');
  }
  return parts.length > 0 ? `${parts.join('; ')}.` : 'none on tables.';
}

/** Comment lines of at most 110 columns. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '--';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > 110) {
      lines.push(line);
      line = '--  ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
