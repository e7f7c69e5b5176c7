/** Breaks a text into lines of at most `width` characters, at blanks where there are any. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    let rest = line.trimEnd();
    while (rest.length > width) {
      const blank = rest.lastIndexOf(' ', width);
      const at = blank > width / 2 ? blank : width;
      lines.push(rest.slice(0, at));
      rest = rest.slice(at).trimStart();
    }
    lines.push(rest);
  }
  return lines;
}

/** The same behind a label: the first line carries it, the others are indented as far. */
export function labelled(label: string, text: string, width = 100): readonly string[] {
  const indent = ' '.repeat(label.length);
  return wrap(text, width - label.length).map((line, index) =>
    `${index === 0 ? label : indent}${line}`.trimEnd(),
  );
}

/**
 * SQL behind a label, broken only at blanks between its words: what stands in quotes stays as it is, also where a line
 * then gets longer than `width`, so that what is copied from a terminal runs and means the same.
 */
export function labelledSql(label: string, sql: string, width = 100): readonly string[] {
  const words = sql.match(/(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\s'"]|['"])+/g) ?? [];
  const lines: string[] = [];
  let line = label;
  for (const word of words) {
    const isFirst = line.trim() === '' || line === label;
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${' '.repeat(label.length)}${word}`;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line];
}
