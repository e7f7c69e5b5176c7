import type { Drift } from '../../drift/compare.ts';
import { subjectOf } from '../../drift/identity.ts';
import { wrap } from '../paragraphs.ts';

const signs = { added: '+', removed: '−', changed: '~' } as const;

/** The differences of one table, function or schema. */
export interface DriftGroup {
  readonly subject: string;
  readonly differences: readonly Drift[];
}

export function groupDrift(differences: readonly Drift[]): readonly DriftGroup[] {
  const groups = new Map<string, Drift[]>();
  for (const difference of differences) {
    const subject = subjectOf(difference.kind, difference.identity);
    groups.set(subject, [...(groups.get(subject) ?? []), difference]);
  }
  return [...groups]
    .map(([subject, own]) => ({ subject, differences: own }))
    .sort((a, b) => (a.subject < b.subject ? -1 : 1));
}

/** The last eight characters of an id: enough to name it on the command line. */
export function shortId({ id }: Drift): string {
  return id.slice(-8);
}

/** Of two texts of many lines: those between the equal beginnings and the equal ends. */
function partThatDiffers(before: string, after: string): { before: string; after: string } {
  const a = before.split('\n');
  const b = after.split('\n');
  if (a.length < 4 && b.length < 4) return { before, after };
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  ) {
    end += 1;
  }
  return {
    before: a.slice(start, a.length - end).join('\n'),
    after: b.slice(start, b.length - end).join('\n'),
  };
}

const width = 100;
const mostLines = 12;

function side(label: string, text: string | undefined, isFull: boolean): string[] {
  if (text === undefined) return [];
  const indent = ' '.repeat(4 + label.length);
  const lines = wrap(text === '' ? '(nothing)' : text, width - indent.length);
  const shown = isFull ? lines : lines.slice(0, mostLines);
  const left = lines.length - shown.length;
  return [
    ...shown.map((line, index) => `${index === 0 ? `    ${label}` : indent}${line}`.trimEnd()),
    ...(left > 0 ? [`${indent}… ${left} more lines (--full)`] : []),
  ];
}

/** Lines of at most 100 characters. */
export function describeDrift(difference: Drift, { isFull = false } = {}): readonly string[] {
  const { change, kind, identity, before, after } = difference;
  const title = `  ${signs[change]} ${kind} ${identity}`;
  const id = shortId(difference);
  const heading =
    title.length + id.length + 3 <= width
      ? [`${title}${' '.repeat(width - title.length - id.length)}${id}`]
      : [...wrap(title, width).map((line, index) => (index === 0 ? line : `    ${line}`)), `    (${id})`];
  const both =
    before !== undefined && after !== undefined ? partThatDiffers(before, after) : { before, after };
  return [...heading, ...side('history  ', both.before, isFull), ...side('live     ', both.after, isFull)];
}

export function countChanges(differences: readonly Drift[]): string {
  const count = (change: Drift['change']): number =>
    differences.filter((difference) => difference.change === change).length;
  return `${count('added')} added, ${count('removed')} removed, ${count('changed')} changed`;
}
