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
