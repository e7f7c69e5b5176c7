/** A comment of the catalog, taken apart: lines at its head that begin with `@` are tags for the API. */
export interface Comment {
  /** What people read; empty when nobody wrote anything. */
  readonly text: string;
  /** The word after `@name`, which names the type or the field in the API. */
  readonly name: string | undefined;
  /** Every tag line, without its `@`. */
  readonly tags: readonly string[];
}

export function parseComment(comment: string | null): Comment {
  const lines = (comment ?? '').split('\n');
  const tags: string[] = [];
  while (lines[0]?.startsWith('@')) tags.push((lines.shift() ?? '').slice(1).trim());
  const name = tags
    .find((tag) => tag.startsWith('name '))
    ?.slice('name '.length)
    .trim();
  return { text: lines.join('\n').trim(), name, tags };
}
