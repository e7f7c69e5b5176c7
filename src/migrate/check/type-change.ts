import type { Node } from 'libpg-query';
import { alterations, type ColumnType, columnOf, columnType, isTableLike } from './ast.ts';
import type { World } from './world.ts';

export interface TypeChange {
  readonly table: string;
  readonly column: string;
  /** Undefined when no file says it. */
  readonly from: string | undefined;
  readonly to: string;
  /** `free`: only the catalog changes. `rewrites`: every value fits, and is stored otherwise. */
  readonly verdict: 'free' | 'rewrites' | 'loses';
  readonly at: number | undefined;
}

/** Changes of column types in tables that were there before. */
export function typeChanges(node: Node, world: World): readonly TypeChange[] {
  const { table, actions } = alterations(node);
  if (!isTableLike(node) || world.isNew(table)) return [];
  return actions.flatMap((action) => {
    if (action.subtype !== 'AT_AlterColumnType') return [];
    const column = action.name ?? '';
    const definition = columnOf(action);
    const from = world.typeOf(table, column);
    const to = columnType(definition?.typeName);
    if (!to) return [];
    return [
      {
        table,
        column,
        from: from && spelledType(from),
        to: spelledType(to),
        verdict: from ? verdict(from, to) : 'loses',
        at: definition?.location,
      },
    ];
  });
}

const spelled = new Map([
  ['int2', 'smallint'],
  ['int4', 'integer'],
  ['int8', 'bigint'],
  ['float4', 'real'],
  ['float8', 'double precision'],
  ['bool', 'boolean'],
  ['bpchar', 'char'],
]);

function spelledType({ name, numbers }: ColumnType): string {
  return `${spelled.get(name) ?? name}${numbers.length > 0 ? `(${numbers.join(', ')})` : ''}`;
}

/** Each holds every value of those before it. */
const widening = [
  ['int2', 'int4', 'int8', 'numeric'],
  ['float4', 'float8'],
  ['date', 'timestamp'],
];

function verdict(from: ColumnType, to: ColumnType): TypeChange['verdict'] {
  const [length = Number.POSITIVE_INFINITY] = from.numbers;
  const [newLength = Number.POSITIVE_INFINITY] = to.numbers;
  if (from.name === to.name) {
    if (from.name === 'numeric') return numericVerdict(from, to);
    if (newLength >= length) return from.name === 'bpchar' && newLength !== length ? 'rewrites' : 'free';
    return 'loses';
  }
  // text, varchar and (in older servers) citext are stored alike; only a shorter limit loses.
  const isText = (name: string): boolean => name === 'text' || name === 'varchar';
  if (isText(from.name) && isText(to.name)) return newLength >= length ? 'free' : 'loses';
  if (from.name === 'bpchar' && isText(to.name)) return newLength >= length ? 'rewrites' : 'loses';
  if (from.name === 'json' && to.name === 'jsonb') return 'rewrites';
  for (const chain of widening) {
    const [at, next] = [chain.indexOf(from.name), chain.indexOf(to.name)];
    if (at >= 0 && next > at && to.numbers.length === 0) return 'rewrites';
  }
  return 'loses';
}

function numericVerdict(from: ColumnType, to: ColumnType): TypeChange['verdict'] {
  const [precision, scale = 0] = from.numbers;
  const [newPrecision, newScale = 0] = to.numbers;
  if (newPrecision === undefined) return 'free';
  if (precision === undefined || newScale < scale || newPrecision - newScale < precision - scale)
    return 'loses';
  return newScale === scale ? 'free' : 'rewrites';
}
