import type { Node, TypeName } from 'libpg-query';

/** What the grammar calls the types that have a name of more than one word, or another one than the catalog's. */
const spelled = new Map([
  ['int2', 'smallint'],
  ['int4', 'integer'],
  ['int8', 'bigint'],
  ['float4', 'real'],
  ['float8', 'double precision'],
  ['bool', 'boolean'],
  ['bpchar', 'character'],
  ['varbit', 'bit varying'],
]);

/** A type as `drop function` takes it: `bigint`, `forums.posts[]`. Without its modifier, which is no part of it. */
export function typeText(type: TypeName | undefined): string {
  if (!type) return 'unknown';
  const names = (type.names ?? []).map(stringOf);
  const [first = '', second] = names;
  const base =
    first === 'pg_catalog' && second !== undefined
      ? (spelled.get(second) ?? second)
      : names.map(identifier).join('.');
  return base + (type.pct_type ? '%type' : '') + '[]'.repeat(type.arrayBounds?.length ?? 0);
}

export function stringOf(node: Node): string {
  return 'String' in node ? (node.String.sval ?? '') : '';
}

/** Quoted where it must be. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export function qualifiedName(schema: string | undefined, name: string): string {
  return schema === undefined ? identifier(name) : `${identifier(schema)}.${identifier(name)}`;
}

/** `["core", "fail"]` as the parser gives names of functions. */
export function nameOf(parts: readonly Node[] | undefined): string {
  return (parts ?? []).map((part) => identifier(stringOf(part))).join('.');
}
