/** Splits `forums."odd name".title` at its dots; the quotes stay. */
export function partsOf(identity: string): readonly string[] {
  return identity.match(/(?:"(?:[^"]|"")*"|[^."])+/g) ?? [];
}

/** `forums.posts.title` → `forums.posts`, `title`. */
export function splitLast(identity: string): { readonly owner: string; readonly name: string } {
  const parts = partsOf(identity);
  return { owner: parts.slice(0, -1).join('.'), name: parts.at(-1) ?? '' };
}

const qualified = /(?:"(?:[^"]|"")*"|[a-z_][\w$]*)\.(?:"(?:[^"]|"")*"|[a-z_][\w$]*)/;

/** The table, view, function or type that a difference is about: `forums.posts` of `policy forums.posts.readable`. */
export function subjectOf(kind: string, identity: string): string {
  if (kind === 'setting') return 'settings';
  if (kind === 'default privileges') return 'default privileges';
  // `policy see on forums.posts`, `table constraint c on forums.posts`
  const on = kind === 'comment' ? / on (.*)$/.exec(identity)?.[1] : undefined;
  const found = qualified.exec(on ?? identity)?.[0];
  if (found !== undefined) return found;
  return kind === 'schema' || /^schema /.test(identity)
    ? identity.replace(/^schema (\S+).*$/, '$1')
    : identity;
}

/** The schema that a difference lies in; undefined where it lies in none. */
export function schemaOf(kind: string, identity: string): string | undefined {
  const subject = subjectOf(kind, identity);
  if (kind === 'schema' || identity.startsWith('schema ')) return subject;
  if (kind === 'default privileges') return / in (\S+) to /.exec(identity)?.[1]?.replace(/^every$/, '');
  return subject.includes('.') ? partsOf(subject)[0] : undefined;
}
