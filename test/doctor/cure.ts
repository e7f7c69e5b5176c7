import type { ClientBase } from 'pg';
import { type Blank, blanks } from '../../src/catalog/advisors/advisor.ts';
import { splitStatements } from '../../src/migrate/split.ts';

/** What somebody might write in the blanks of a cure. */
const fillings: Readonly<Record<Blank, string>> = {
  '<text>': 'What it is.',
  '<name>': 'note',
  '<condition>': 'true',
  '<expression>': '0',
  '<type>': 'bigint',
  '<sqlstate>': 'ST403',
  '<action>': 'keep',
  '<key_kind>': 'timestamptz',
};

function isBlank(text: string): text is Blank {
  return text in blanks;
}

/** Fills the blanks and changes nothing else. A blank that is not documented makes the test fail. */
export function filled(cure: string, own: Partial<Record<Blank, string>> = {}): string {
  return cure.replace(/<[a-z_]+>/g, (blank) => {
    if (!isBlank(blank)) throw new Error(`The blank ${blank} is not documented: ${cure}`);
    return own[blank] ?? fillings[blank];
  });
}

/** Runs a cure as somebody would who pastes it: statement by statement, in one session, outside a transaction. */
export async function mend(
  client: Pick<ClientBase, 'query'>,
  cure: string,
  own: Partial<Record<Blank, string>> = {},
): Promise<void> {
  for (const { text } of await splitStatements(filled(cure, own), { path: 'cure', line: 1 })) {
    await client.query(text);
  }
}
