import { apiCodes, databaseRefusals, graphqlCodes } from '../../error-codes.ts';
import type { Catalog, ErrorCode } from '../model/model.ts';
import { cell, generatedNotice, page, table } from './markdown.ts';

/** docs/errors.md */
export function errorsPage({ modules, errorCodes }: Catalog): string {
  const functions = modules.flatMap(({ module, functions }) =>
    functions.map((routine) => ({ module, routine })),
  );
  const raisedBy = (reason: string): string =>
    functions
      .filter(({ routine }) => !routine.isTrigger && routine.reasons.includes(reason))
      // A function that only passes the error on is named when clients can call it.
      .filter(({ routine }) => routine.roles.length > 0 || routine.ownReasons.includes(reason))
      .map(({ module, routine }) => `[\`${routine.name}\`](schema/${module.name}.md)`)
      .filter((link, index, links) => links.indexOf(link) === index)
      .join(', ');
  const triggers = (reason: string): string =>
    functions
      .filter(({ routine }) => routine.isTrigger && routine.reasons.includes(reason))
      .map(({ module, routine }) => `[\`${routine.name}\`](schema/${module.name}.md)`)
      .join(', ');

  const section = ({ reason, sqlstate, message, cure }: ErrorCode): string => {
    const raised = raisedBy(reason);
    const checked = triggers(reason);
    return page(
      `### ${reason}`,
      `${message} ${cure}`,
      [
        `- \`${graphqlCodes[sqlstate]?.code ?? 'INTERNAL'}\`, SQLSTATE \`${sqlstate}\`.`,
        raised ? `- Raised by ${raised}.` : undefined,
        checked ? `- Raised by triggers: ${checked}.` : undefined,
        raised || checked ? undefined : '- Raised outside the database.',
      ]
        .filter(Boolean)
        .join('\n'),
    ).trimEnd();
  };

  return page(
    generatedNotice,
    '# Errors',
    'An error that Stoa raises on purpose has a stable reason, a code and a cure. In GraphQL it is an entry of `errors` whose `extensions` hold `code` (below), `reason` (the headings of this page) and, where waiting helps, `retryAfter` in seconds. In SQL it is an exception with the SQLSTATE, the message, the cure as HINT, and the reason as DETAIL. Anything else reaches a client as `INTERNAL` with an id that is in the server’s log.',
    table(
      ['code', 'SQLSTATE', 'HTTP', 'meaning', 'reasons'],
      Object.entries(graphqlCodes).map(([sqlstate, { code, httpStatus, meaning }]) => [
        `\`${code}\``,
        sqlstate,
        String(httpStatus),
        cell(meaning),
        String(errorCodes.filter((known) => known.sqlstate === sqlstate).length),
      ]),
    ),
    '## From the API itself',
    'Given before the database is asked, or when nothing else fits.',
    table(
      ['code', 'meaning'],
      Object.entries(apiCodes).map(([code, meaning]) => [`\`${code}\``, cell(meaning)]),
    ),
    '## From the database, where no procedure says why',
    'PostgreSQL’s own messages name tables and constraints; these stand in their place. A SQLSTATE of fewer than five characters is a class.',
    table(
      ['SQLSTATE', 'code', 'reason', 'message', 'cure'],
      databaseRefusals.map(({ sqlstate, code, reason, message, cure }) => [
        sqlstate,
        `\`${code}\``,
        `\`${reason}\``,
        cell(message),
        cell(cure),
      ]),
    ),
    '## Reasons',
    ...errorCodes.map(section),
  );
}
