const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(text: string): string {
  return text.replace(/[\\\n\r\t]/g, (character) => escapes[character] ?? character);
}

/** One line of COPY's text format (PostgreSQL manual, COPY, "Text Format"); undefined is null. */
export function copyFields(fields: readonly (string | undefined)[]): string {
  return `${fields.map((field) => (field === undefined ? '\\N' : escaped(field))).join('\t')}\n`;
}
