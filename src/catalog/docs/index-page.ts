import type { Catalog, CatalogModule } from '../model/model.ts';
import { cell, generatedNotice, page, table } from './markdown.ts';

function figures({ tables, views, functions }: CatalogModule): readonly number[] {
  const sum = (of: (relation: (typeof tables)[number]) => number): number =>
    tables.reduce((total, relation) => total + of(relation), 0);
  return [
    tables.length,
    views.length,
    sum(({ columns }) => columns.length),
    sum(
      ({ indexes, constraints }) =>
        indexes.length + constraints.filter(({ kind }) => kind !== 'check' && kind !== 'foreign key').length,
    ),
    sum(({ constraints }) => constraints.filter(({ kind }) => kind === 'foreign key').length),
    sum(({ constraints }) => constraints.filter(({ kind }) => kind === 'check').length),
    sum(({ policies }) => policies.length),
    sum(({ triggers }) => triggers.length),
    functions.length,
  ];
}

/** docs/schema/README.md */
export function indexPage({ modules, errorCodes }: Catalog): string {
  const rows = modules.map((current) => ({ current, figures: figures(current) }));
  const totals = rows.reduce<readonly number[]>(
    (sums, row) => row.figures.map((figure, index) => figure + (sums[index] ?? 0)),
    [],
  );
  return page(
    generatedNotice,
    '# The schema, module by module',
    `One PostgreSQL schema a module. Every page is generated from the comments and the catalog of a migrated database, so it says what is there. The ${errorCodes.length} errors that procedures raise are on [one page](../errors.md); who is who among the roles is in [roles](../operations/roles.md); what is checked of the catalog is in [advisors](../operations/advisors.md).`,
    table(
      ['module', 'what it is for', 'needs'],
      modules.map(({ module }) => [
        `[${module.name}](${module.name}.md)`,
        cell(module.summary),
        module.requires.join(', '),
      ]),
    ),
    table(
      [
        'module',
        'tables',
        'views',
        'columns',
        'indexes',
        'foreign keys',
        'checks',
        'policies',
        'triggers',
        'functions',
      ],
      [
        ...rows.map(({ current, figures }) => [current.module.name, ...figures.map(String)]),
        ['**all**', ...totals.map((figure) => `**${figure}**`)],
      ],
    ),
  );
}
