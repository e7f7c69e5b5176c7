import type { Section } from '../load.ts';
import type { Statement } from '../split.ts';
import { commentsIn } from './comments.ts';

/** `-- stoa:allow rule, other-rule until 2030-01-01: why it is right here` */
export interface Suppression {
  readonly rules: readonly string[];
  readonly until: string | undefined;
  readonly reason: string;
  /** Line of the file. */
  readonly line: number;
  /** Index of the statement that it speaks of: the one it stands in or on the line of, else the next. */
  readonly statement: number | undefined;
}

export interface SuppressionFault {
  readonly message: string;
  readonly line: number;
}

const shape = /^stoa:allow\s+([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)(?:\s+until\s+(\S+?))?\s*(?::\s*([\s\S]*))?$/;

/**
 * The suppressions of an up part, and what is wrong with those that do not count: no reason, a date that is over, a
 * rule that does not exist. A rule is never silenced for a whole file.
 */
export function suppressionsIn(
  section: Section,
  statements: readonly Statement[],
  options: { readonly knownRules: ReadonlySet<string>; readonly today: string },
): { readonly suppressions: readonly Suppression[]; readonly faults: readonly SuppressionFault[] } {
  const suppressions: Suppression[] = [];
  const faults: SuppressionFault[] = [];
  for (const comment of commentsIn(section.text)) {
    const line = comment.line + section.line - 1;
    const fault = (message: string): void => {
      faults.push({ message, line });
    };
    if (/^squawk-ignore/.test(comment.text)) {
      fault('squawk-ignore gives no reason; write "-- stoa:allow rule: reason"');
      continue;
    }
    if (!comment.text.startsWith('stoa:allow')) continue;
    const [, names, until, reason = ''] = shape.exec(comment.text) ?? [];
    if (names === undefined) {
      fault(
        'this suppression cannot be read; write "-- stoa:allow rule until 2030-12-31: reason", the date if you like',
      );
      continue;
    }
    const rules = names.split(',').map((name) => name.trim());
    const unknown = rules.filter((rule) => !options.knownRules.has(rule));
    if (unknown.length > 0) fault(`there is no rule ${unknown.join(', ')}`);
    else if (reason.trim() === '') fault(`${rules.join(', ')} is suppressed without a reason`);
    else if (until !== undefined && !isDate(until)) fault(`"${until}" is not a date such as 2030-12-31`);
    else if (until !== undefined && until < options.today) {
      fault(`the suppression of ${rules.join(', ')} ended on ${until}: ${reason.trim()}`);
    } else {
      const statement = statementAt(line, statements);
      suppressions.push({ rules, until, reason: reason.trim(), line, statement });
    }
  }
  return { suppressions, faults };
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

function statementAt(line: number, statements: readonly Statement[]): number | undefined {
  const around = statements.findLastIndex(
    ({ start, text }) => start.line <= line && line <= start.line + text.split('\n').length - 1,
  );
  if (around >= 0) return around;
  const next = statements.findIndex(({ start }) => start.line > line);
  return next >= 0 ? next : undefined;
}
