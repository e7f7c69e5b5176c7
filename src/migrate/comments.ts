/** Where the block comment ends that begins at `from`; they nest in PostgreSQL. The end of the text where it is not closed. */
export function endOfBlockComment(text: string, from: number): number {
  let depth = 0;
  let at = from;
  do {
    if (text.startsWith('/*', at)) {
      depth += 1;
      at += 2;
    } else if (text.startsWith('*/', at)) {
      depth -= 1;
      at += 2;
    } else at += 1;
  } while (depth > 0 && at < text.length);
  return at;
}
