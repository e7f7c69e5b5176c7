import type { Catalog, CatalogModule, Routine } from '../model/model.ts';
import { diagram } from './diagram.ts';
import { anchor, cell, count, firstSentence, generatedNotice, page, table } from './markdown.ts';
import { tableCounts, tableSection, typeSection, viewSection } from './relation-section.ts';
import { routineSection } from './routine-section.ts';

const apiRoles = new Set(['stoa_anonymous', 'stoa_member', 'stoa_moderator', 'stoa_admin']);

/** Functions by who calls them, in the order in which a reader wants them. */
function groups(
  functions: readonly Routine[],
): readonly (readonly [title: string, members: readonly Routine[]])[] {
  const kind = (routine: Routine): string => {
    if (routine.isTrigger) return 'Trigger functions';
    if (routine.roles.some((role) => apiRoles.has(role))) {
      return routine.volatility === 'volatile' ? 'Procedures' : 'Queries and computed values';
    }
    if (routine.roles.includes('stoa_auth')) return 'Functions of the sign-in service';
    if (routine.roles.includes('stoa_worker')) return 'Functions of the worker';
    return 'Internal functions';
  };
  return [
    'Procedures',
    'Queries and computed values',
    'Functions of the sign-in service',
    'Functions of the worker',
    'Internal functions',
    'Trigger functions',
  ].map((title) => [title, functions.filter((routine) => kind(routine) === title)]);
}

/** docs/schema/<module>.md */
export function modulePage(catalog: Catalog, current: CatalogModule): string {
  const { module, tables, views, types, functions } = current;
  const referencing = (name: string): readonly string[] =>
    catalog.modules
      .flatMap((other) => other.tables)
      .filter(
        (other) => other.name !== name && other.constraints.some(({ references }) => references === name),
      )
      .map((other) => other.name)
      .sort();

  return page(
    generatedNotice,
    `# ${module.name}`,
    current.comment.text || `${module.summary}.`,
    [
      module.base ? 'Part of the base: always there.' : 'Optional: chosen with `STOA_MODULES`.',
      module.requires.length > 0
        ? `Needs ${module.requires.map((name) => `[${name}](${name}.md)`).join(', ')}.`
        : 'Needs no other module.',
      `${count(tables.length, 'table')}, ${count(views.length, 'view')}, ${count(functions.length, 'function')}.`,
    ].join(' '),
    tables.length > 0 ? page('## Diagram', diagram(current)).trimEnd() : undefined,
    tables.length > 0
      ? page(
          '## Tables',
          table(
            ['table', 'what it holds', 'size'],
            tables.map((relation) => [
              `[${relation.name}](#${anchor(relation.name)})`,
              cell(firstSentence(relation.comment.text)),
              tableCounts(relation),
            ]),
          ),
          ...tables.map((relation) => tableSection(relation, referencing(relation.name))),
        ).trimEnd()
      : undefined,
    views.length > 0 ? page('## Views', ...views.map(viewSection)).trimEnd() : undefined,
    types.length > 0 ? page('## Types', ...types.map(typeSection)).trimEnd() : undefined,
    ...groups(functions).map(([title, members]) =>
      members.length > 0
        ? page(`## ${title}`, ...members.map((routine) => routineSection(routine, '../errors.md'))).trimEnd()
        : undefined,
    ),
  );
}
