/** A comment of an SQL text. */
export interface Comment {
  /** Without its marks. */
  readonly text: string;
  /** Line of the text on which it begins, from 1. */
  readonly line: number;
}

/** What is neither a comment nor may hide one: strings, quoted names, dollar-quoted bodies. */
const token =
  /--(?<line>[^\n]*)|(?<block>\/\*)|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<tag>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|[\w$]+/g;

/** The comments of an SQL text. What looks like one inside a string or the body of a function is none. */
export function commentsIn(sql: string): readonly Comment[] {
  const found: Comment[] = [];
  const scanner = new RegExp(token);
  for (let match = scanner.exec(sql); match !== null; match = scanner.exec(sql)) {
    const { line, block, tag } = match.groups ?? {};
    const at = match.index;
    if (line !== undefined) found.push({ text: line.trim(), line: lineAt(sql, at) });
    else if (block !== undefined) {
      const end = blockEnd(sql, at);
      found.push({ text: sql.slice(at + 2, end - 2).trim(), line: lineAt(sql, at) });
      scanner.lastIndex = end;
    } else if (tag !== undefined) {
      const end = sql.indexOf(tag, at + tag.length);
      scanner.lastIndex = end < 0 ? sql.length : end + tag.length;
    }
  }
  return found;
}

function lineAt(sql: string, offset: number): number {
  return sql.slice(0, offset).split('\n').length;
}

/** Block comments nest in PostgreSQL. */
function blockEnd(sql: string, start: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}
