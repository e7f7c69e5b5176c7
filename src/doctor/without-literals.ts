/** A string in any of PostgreSQL's forms, a comment, a name in quotes, a word, or a number; a string may be cut off. */
const token =
  /(?<text>[eubxn]?&?'(?:[^'\\]|''|\\.)*(?:'|$)|(?<tag>\$(?:[a-z_]\w*)?\$)[\s\S]*?(?:\k<tag>|$))|(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|"(?:[^"]|"")*"|\$\d+|[a-z_][\w$]*|(?<number>\d+(?:\.\d*)?(?:e[+-]?\d+)?)/gi;

/** A statement with `?` where its values were, on one line: what it does, and to whom not. */
export function withoutLiterals(sql: string): string {
  return sql
    .replaceAll(token, (whole: string, ...rest: unknown[]) => {
      const groups: unknown = rest.at(-1);
      if (typeof groups !== 'object' || groups === null) return whole;
      const { text, comment, number } = groups as Partial<Record<string, string>>;
      if (text !== undefined || number !== undefined) return '?';
      return comment === undefined ? whole : ' ';
    })
    .replaceAll(/\s+/g, ' ')
    .trim();
}
