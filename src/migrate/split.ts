import { createHash } from 'node:crypto';
import { loadModule, type Node, type ParseResult, parseSync } from 'libpg-query';
import { exitCodes, StoaError } from '../errors.ts';
import { caret, type Position, positionAt } from './caret.ts';
import { endOfBlockComment } from './comments.ts';

/** One statement of a file, cut out by PostgreSQL's own parser. */
export interface Statement {
  /** Without the comments before it and without the semicolon. */
  readonly text: string;
  readonly node: Node;
  /** Where it begins in the file. */
  readonly start: Position;
  /** SHA-256 of the text, hexadecimal: what a resumed run compares. */
  readonly checksum: string;
}

/** Where a piece of SQL stands, so that an error can name file, line and column. */
export interface Source {
  readonly path: string;
  /** Line of the file on which the text begins, from 1. */
  readonly line: number;
}

/**
 * Cuts SQL into statements with libpg-query.
 *
 * Offsets of the parser are bytes of UTF-8, not characters: one `æ` before a statement would shift every later cut,
 * so the cutting is done on the bytes. The parser counts the blanks and comments before a statement as part of it.
 */
export async function splitStatements(sql: string, source: Source): Promise<readonly Statement[]> {
  await loadModule();
  const bytes = Buffer.from(sql, 'utf8');
  const lines = new LineCounter(bytes);
  return parse(sql, source).map(({ stmt, stmt_location: location = 0, stmt_len: length }) => {
    const end = length === undefined || length === 0 ? bytes.length : location + length;
    const begin = location + leadingBlanks(bytes.subarray(location, end));
    const text = bytes.subarray(begin, end).toString('utf8').trimEnd();
    const inText = lines.positionOf(begin);
    return {
      text,
      node: stmt,
      start: { line: inText.line + source.line - 1, column: inText.column },
      checksum: createHash('sha256').update(text).digest('hex'),
    };
  });
}

/** Positions of offsets that only grow: counting from the start for each statement would be most of the work. */
class LineCounter {
  readonly #bytes: Buffer;
  #line = 1;
  #lineStart = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  positionOf(offset: number): Position {
    for (;;) {
      const end = this.#bytes.indexOf(newline, this.#lineStart);
      if (end < 0 || end >= offset) break;
      this.#line += 1;
      this.#lineStart = end + 1;
    }
    const before = this.#bytes.subarray(this.#lineStart, offset).toString('utf8');
    return { line: this.#line, column: Array.from(before).length + 1 };
  }
}

interface RawStatement {
  readonly stmt: Node;
  readonly stmt_location?: number;
  readonly stmt_len?: number;
}

function parse(sql: string, source: Source): RawStatement[] {
  // The parser refuses an empty text.
  if (leadingBlanks(Buffer.from(sql, 'utf8')) === Buffer.byteLength(sql)) return [];
  try {
    const tree: ParseResult = parseSync(sql);
    return (tree.stmts ?? []).flatMap((raw) => (raw.stmt === undefined ? [] : [{ ...raw, stmt: raw.stmt }]));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const offset = cursorOf(error);
    const inText = offset === undefined ? { line: 1, column: 1 } : positionAt(sql, utf16Offset(sql, offset));
    const position = { line: inText.line + source.line - 1, column: inText.column };
    throw new StoaError(
      'migrate.syntax',
      `${source.path}:${position.line}:${position.column}: ${error.message}\n${caret(sql, inText, source.line)}`,
      { cure: 'Correct the SQL.', exitCode: exitCodes.input, cause: error },
    );
  }
}

function cursorOf(error: Error): number | undefined {
  if (!('sqlDetails' in error)) return undefined;
  const details = error.sqlDetails;
  if (typeof details !== 'object' || details === null || !('cursorPosition' in details)) return undefined;
  return typeof details.cursorPosition === 'number' ? details.cursorPosition : undefined;
}

/** PostgreSQL counts code points, JavaScript counts UTF-16 units. */
export function utf16Offset(text: string, codePoints: number): number {
  let offset = 0;
  for (let seen = 0; seen < codePoints && offset < text.length; seen++) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

const newline = 0x0a;

const blanks = /[\t-\r ;]*/y;

/** How many bytes of white space, comments and empty statements stand before the first word. */
function leadingBlanks(bytes: Buffer): number {
  // A character for each byte: what is looked for is ASCII.
  const text = bytes.toString('latin1');
  let at = 0;
  for (;;) {
    blanks.lastIndex = at;
    at += blanks.exec(text)?.[0].length ?? 0;
    if (text.startsWith('--', at)) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end + 1;
    } else if (text.startsWith('/*', at)) {
      at = endOfBlockComment(text, at);
    } else return at;
  }
}
