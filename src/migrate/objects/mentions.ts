import type { Statement } from '../split.ts';
import { identifier } from './typename.ts';

/**
 * The qualified names that PostgreSQL looks up when it creates the object: functions that are called, tables and views
 * that are read, types of arguments, what privileges are granted on. Objects that are mentioned must exist before.
 *
 * A body that is a string binds late (it is created with check_function_bodies off), so what it mentions does not
 * count; a body of `begin atomic` or `return` binds at creation.
 */
export function boundMentions(statements: readonly Statement[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { node } of statements) {
    if ('CommentStmt' in node || 'DropStmt' in node) continue;
    walk(node, names);
  }
  return names;
}

function walk(node: unknown, names: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, names);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  if ('DefElem' in node && isStringBody(node.DefElem)) return;
  if ('relname' in node && 'schemaname' in node) add(names, [node.schemaname, node.relname]);
  for (const [key, value] of Object.entries(node)) {
    // A function that is created is not a mention of itself: that is `CreateFunctionStmt.funcname`.
    const isName = (key === 'funcname' || key === 'objname') && !('parameters' in node || 'options' in node);
    // `names` is that of a TypeName.
    if ((isName || key === 'names') && Array.isArray(value)) add(names, value.map(text));
    walk(value, names);
  }
}

function isStringBody(element: unknown): boolean {
  return typeof element === 'object' && element !== null && 'defname' in element && element.defname === 'as';
}

function text(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || !('String' in part)) return undefined;
  const { String: string } = part;
  return typeof string === 'object' && string !== null && 'sval' in string ? string.sval : undefined;
}

function add(names: Set<string>, parts: readonly unknown[]): void {
  const [schema, name] = parts;
  // Three parts: `forums.posts.id%type`.
  if (
    (parts.length === 2 || parts.length === 3) &&
    typeof schema === 'string' &&
    typeof name === 'string' &&
    schema !== 'pg_catalog'
  ) {
    names.add(`${identifier(schema)}.${identifier(name)}`);
  }
}
