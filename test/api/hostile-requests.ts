import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
} from 'postgraphile/graphql';
import type { Chance } from './chance.ts';

export interface HostileRequest {
  readonly kind: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** What people put into fields of other people's sites. None of these words is in an answer of ours. */
const hostileTexts: readonly string[] = [
  "' or '1'='1",
  "'; drop table evil_table; --",
  '1); select evil_sleep(10); --',
  '$$; begin; rollback; $$',
  '\\x00\\x27',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\u202eevil\u202c',
  '\u200b\u200b',
  'ﷺ'.repeat(200),
  'Z\u0351\u036b'.repeat(300),
  '👩‍👩‍👧‍👦'.repeat(100),
  '%00%0d%0aSet-Cookie: evil=1',
  '\r\nx-evil: 1',
  '../../../../etc/evil',
  '{{7*7}}<%= 7*7 %>#{7*7}',
  '<script>evil()</script>',
  '__proto__',
  'constructor',
  'NaN',
  'Infinity',
  '-0',
  '1e309',
  '99999999999999999999999999',
  '0001-01-01T00:00:00Z',
  'infinity',
  '9999999-12-31',
  '00000000-0000-0000-0000-000000000000',
  '{}',
  '[]',
  'null',
  '',
  ' ',
  '(',
  '*:*|&!',
  ':*',
  '%',
  '\\',
  'W10=',
  Buffer.from('["users","evil"]').toString('base64'),
  Buffer.from('["natural",{"evil":1}]').toString('base64'),
  'x'.repeat(10_000),
];

const hostileValues: readonly unknown[] = [
  ...hostileTexts,
  null,
  true,
  -1,
  0,
  2_147_483_648,
  1e308,
  -2_147_483_649,
  0.1,
  [],
  [[]],
  {},
  { __proto__: null, toString: 1 },
  [null],
  { equalTo: { equalTo: {} } },
  Array(200).fill('x'),
];

/** Operations of every root field of the schema, each argument as a variable. Sign-in is left out: it takes long by design. */
export function operationsOf(
  schema: GraphQLSchema,
  isLeftOut: (field: string) => boolean,
): readonly Operation[] {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
  ] as const;
  return roots.flatMap(([kind, type]) =>
    Object.values(type?.getFields() ?? {})
      .filter(({ name }) => !isLeftOut(name))
      .map((field): Operation => {
        const variables = field.args.map(({ name, type: argument }) => ({ name, type: argument }));
        const declared = variables.map(({ name, type: argument }) => `$${name}: ${argument}`).join(', ');
        const given = variables.map(({ name }) => `${name}: $${name}`).join(', ');
        const selection = 'getFields' in getNamedType(field.type) ? ' { __typename }' : '';
        const head = variables.length === 0 ? kind : `${kind} (${declared})`;
        const call = variables.length === 0 ? field.name : `${field.name}(${given})`;
        return { text: `${head} { ${call}${selection} }`, variables };
      }),
  );
}

export interface Operation {
  readonly text: string;
  readonly variables: readonly { readonly name: string; readonly type: GraphQLInputType }[];
}

/** A value that may pass the type and is meant to break what comes after it. */
function valueFor(type: GraphQLInputType, by: Chance, depth = 0): unknown {
  if (by.upTo(12) === 0) return by.pick(hostileValues);
  if (isNonNullType(type)) return valueFor(type.ofType, by, depth);
  if (by.upTo(5) === 0 || depth > 4) return null;
  if (isListType(type)) return Array.from({ length: by.upTo(3) }, () => valueFor(type.ofType, by, depth + 1));
  if (isEnumType(type)) return by.pick(type.getValues()).name;
  if (isInputObjectType(type)) {
    return Object.fromEntries(
      Object.values(type.getFields())
        .filter((field) => isNonNullType(field.type) || by.upTo(3) === 0)
        .map((field) => [field.name, valueFor(field.type, by, depth + 1)]),
    );
  }
  if (!isScalarType(type)) return null;
  switch (type.name) {
    case 'Int':
      return by.pick([0, 1, -1, 7, 100, 2_147_483_647, -2_147_483_648]);
    case 'Boolean':
      return by.upTo(2) === 0;
    case 'UUID':
      return by.pick(['01a1fb00-0000-7000-8000-000000000000', '00000000-0000-0000-0000-000000000000', 'x']);
    case 'Datetime':
      return by.pick(['2026-01-01T00:00:00Z', 'infinity', '-infinity', '294277-01-01T00:00:00Z', 'now', 'x']);
    case 'BigInt':
    case 'BigFloat':
    case 'Float':
      return by.pick(['1', '-1', 'NaN', '9223372036854775808', '1e400', 1.5]);
    case 'JSON':
      return by.pick<unknown>([{}, [], 'x', { a: { b: [1, 2, '\u0000'] } }, nestedArray(500)]);
    default:
      return by.pick(hostileTexts);
  }
}

function nestedArray(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n += 1) value = [value];
  return value;
}

type Maker = (by: Chance) => Pick<HostileRequest, 'body'> & Partial<HostileRequest>;

const query = (text: string, more: object = {}): string => JSON.stringify({ query: text, ...more });

function randomText(by: Chance, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(by.upTo(0xffff))).join('');
}

/** By kind: its share of all, and how one is made. */
function makers(operations: readonly Operation[]): Readonly<Record<string, readonly [number, Maker]>> {
  const honest = '{"query":"query ($id: UUID!) { post(id: $id) { title } }","variables":{"id":"x"}}';
  return {
    garbage: [18, (by) => ({ body: Buffer.from(Array.from({ length: by.upTo(400) }, () => by.upTo(256))) })],
    truncated: [12, (by) => ({ body: honest.slice(0, by.upTo(honest.length)) })],
    'wrong shape': [
      12,
      (by) => ({
        body: JSON.stringify(
          by.pick<unknown>([
            null,
            1,
            'x',
            [],
            [{ query: '{ viewer { id } }' }],
            {},
            { query: by.pick(hostileValues) },
            { query: '{ viewer { id } }', variables: by.pick(hostileValues) },
            { query: '{ viewer { id } }', operationName: by.pick(hostileValues) },
            { query: '{ viewer { id } }', extensions: by.pick(hostileValues) },
            { query: '{ viewer { id } }', onError: by.pick(hostileValues) },
            { documentId: by.pick(hostileValues) },
          ]),
        ),
      }),
    ],
    'not GraphQL': [9, (by) => ({ body: query(randomText(by, by.upTo(200))) })],
    'SQL for GraphQL': [6, (by) => ({ body: query(`{ ${by.pick(hostileTexts)} }`) })],
    deep: [
      6,
      (by) => {
        const depth = 1 + by.upTo(3_000);
        return { body: query('{a'.repeat(depth) + (by.upTo(2) ? '}'.repeat(depth) : '')) };
      },
    ],
    'deep in the schema': [
      4,
      (by) => {
        const depth = 1 + by.upTo(60);
        return {
          body: query(`{ forums { nodes { ${'parent { '.repeat(depth)}id${' }'.repeat(depth)} } } }`),
        };
      },
    ],
    'deep variables': [
      2,
      (by) => {
        const depth = by.upTo(50_000);
        const open = by.upTo(2) ? '[' : '{"a":';
        const close = open === '[' ? ']' : '}';
        return {
          body: `{"query":"query ($f: UserFilter) { users(filter: $f) { nodes { id } } }","variables":{"f":${open.repeat(depth)}1${close.repeat(depth)}}}`,
        };
      },
    ],
    wide: [
      4,
      (by) => ({
        body: query(
          `{ ${Array.from({ length: by.upTo(1_000) }, (_, n) => `${by.upTo(2) ? `a${n}: ` : ''}viewer { id }`).join(' ')} }`,
        ),
      }),
    ],
    fragments: [
      5,
      (by) => {
        const count = 1 + by.upTo(40);
        const spread = (n: number): string => `...f${by.upTo(4) ? n + 1 : by.upTo(count)}`;
        const body = Array.from(
          { length: count },
          (_, n) => `fragment f${n} on User { id ${spread(n)} ${spread(n)} }`,
        ).join('\n');
        return { body: query(`{ viewer { ...f0 } }\n${body}\nfragment f${count} on User { id }`) };
      },
    ],
    directives: [
      3,
      (by) => ({ body: query(`{ viewer ${'@include(if: true) @evil '.repeat(by.upTo(400))} { id } }`) }),
    ],
    huge: [
      1,
      (by) => ({ body: query('{ viewer { id } }', { variables: { x: 'x'.repeat(by.upTo(400_000)) } }) }),
    ],
    'long query': [2, (by) => ({ body: query(`{ viewer { id } } #${'é'.repeat(by.upTo(60_000))}`) })],
    methods: [
      6,
      (by) => ({
        method: by.pick(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND']),
        body: '',
      }),
    ],
    headers: [
      4,
      (by) => ({
        headers: {
          [by.pick([
            'accept',
            'content-type',
            'authorization',
            'cookie',
            'origin',
            'x-forwarded-for',
            'x-request-id',
          ])]: by.pick([
            'evil',
            '*/*;q=nonsense',
            'application/json; charset=utf-9',
            'text/plain',
            'multipart/form-data; boundary=evil',
            'Bearer',
            'Bearer '.padEnd(600, 'x'),
            'Basic ZXZpbDpldmls',
            'null',
            '=;=;=',
            ','.repeat(500),
            'x'.repeat(4_000),
          ]),
        },
        body: query('{ viewer { id } }'),
      }),
    ],
    'hostile values': [
      5,
      (by) => {
        const { text, variables } = by.pick(operations);
        return {
          body: query(text, {
            variables: Object.fromEntries(variables.map(({ name, type }) => [name, valueFor(type, by)])),
          }),
        };
      },
    ],
  };
}

/** So many, the same in every run. */
export function* hostileRequests(
  count: number,
  by: Chance,
  operations: readonly Operation[],
): Generator<HostileRequest> {
  const table = makers(operations);
  const wheel = Object.entries(table).flatMap(([kind, [share]]) => Array<string>(share).fill(kind));
  for (let n = 0; n < count; n += 1) {
    const kind = by.pick(wheel);
    const made = table[kind]?.[1](by);
    if (!made) throw new Error(`nothing makes ${kind}`);
    yield {
      kind,
      method: made.method ?? 'POST',
      headers: { 'content-type': 'application/json', ...made.headers },
      body: made.body,
    };
  }
}
