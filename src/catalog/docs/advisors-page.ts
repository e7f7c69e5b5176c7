import { advisors } from '../advise.ts';
import { type Advisor, blanks } from '../advisors/advisor.ts';
import { cell, page, table } from './markdown.ts';

function section({ name, level, title, why, examples }: Advisor): string {
  return page(
    `## ${name}`,
    `**${level}** · ${title}. ${why}`,
    `Found:\n\n\`\`\`sql\n${examples.bad}\n\`\`\``,
    `Not found:\n\n\`\`\`sql\n${examples.good}\n\`\`\``,
  ).trimEnd();
}

/** docs/operations/advisors.md */
export function advisorsPage(): string {
  return page(
    '<!-- Generated from src/catalog/advisors/ by `stoa docs build`. Do not edit. -->',
    '# Advisors',
    'What Stoa checks of its own catalog. Each check is one query in one file of `src/catalog/advisors/`; the examples below are run by the tests. An error must not ship; a warning may have a reason.',
    table(
      ['check', 'level', 'finds'],
      advisors.map(({ name, level, title }) => [`[${name}](#${name})`, level, cell(title)]),
    ),
    '## Blanks in a cure',
    'A cure is SQL that runs as it is printed, except for what only people know: that stands in angle brackets. Replace these, brackets included, and nothing else.',
    table(
      ['blank', 'what to write'],
      Object.entries(blanks).map(([blank, meaning]) => [`\`${blank}\``, cell(meaning)]),
    ),
    ...advisors.map(section),
  );
}
