import { endOfBlockComment } from '../comments.ts';

/** The body of a function in PL/pgSQL, taken apart: libpg-query as it is installed parses SQL only. */
export interface BodyText {
  /** Without comments, and with '' in place of each literal. */
  readonly code: string;
  /** What stands in literals, quotes and escapes taken off. */
  readonly literals: readonly string[];
  /** It has an EXECUTE: what its literals say may be run. */
  readonly isDynamic: boolean;
}

const lineComment = /--[^\n]*/y;
const escapeString = /[eE]'((?:[^'\\]|\\[\s\S]|'')*)'/y;
const plainString = /'((?:[^']|'')*)'/y;
const dollarString = /(\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)([\s\S]*?)\1/y;
const quotedName = /"(?:[^"]|"")*"/y;
// A dollar inside a name, such as a$b$c, begins no literal.
const word = /[\w\u0080-\uffff][\w$\u0080-\uffff]*/y;

/** PostgreSQL manual, section 4.1: lexical structure. Comments nest; a text that ends inside something ends it. */
export function takeApart(body: string): BodyText {
  const literals: string[] = [];
  let code = '';
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(body);
    if (found) at = pattern.lastIndex;
    return found ?? undefined;
  };
  while (at < body.length) {
    if (match(lineComment)) continue;
    if (body.startsWith('/*', at)) {
      at = endOfBlockComment(body, at);
      code += ' ';
      continue;
    }
    const text = match(escapeString)?.[1] ?? match(plainString)?.[1] ?? match(dollarString)?.[2];
    if (text !== undefined) {
      literals.push(text.replaceAll("''", "'"));
      code += "''";
      continue;
    }
    const name = match(quotedName)?.[0] ?? match(word)?.[0];
    code += name ?? body.charAt(at);
    if (name === undefined) at += 1;
  }
  return { code, literals, isDynamic: /(?<![\w$."])execute(?![\w$"])/i.test(code) };
}
