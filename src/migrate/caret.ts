/** A place in a text, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Position of a UTF-16 offset. The column counts characters as an editor does. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: Array.from(before.slice(lineStart)).length + 1 };
}

const shownWidth = 90;

/**
 * The line at `position` of `text` with a caret under the column, and its number in the file, whose line
 * `firstLine` is where `text` begins.
 */
export function caret(text: string, position: Position, firstLine: number): string {
  const line = Array.from((text.split('\n')[position.line - 1] ?? '').replaceAll('\t', ' ').trimEnd());
  const number = String(position.line + firstLine - 1);
  // A long line is shown from shortly before the place.
  const room = shownWidth - number.length - 3;
  const from = position.column > room - 10 ? position.column - Math.floor(room / 2) : 0;
  const shown = line.slice(from, from + room).join('');
  const pointer = ' '.repeat(Math.max(0, position.column - 1 - from));
  return `${number} | ${shown}\n${' '.repeat(number.length)} | ${pointer}^`;
}
