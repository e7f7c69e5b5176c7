import {
  buildClientSchema,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getIntrospectionQuery,
  getNamedType,
  isLeafType,
  isObjectType,
} from 'postgraphile/graphql';
import type { TestDatabase } from '../harness/index.ts';
import { type Relation, readRelations } from '../security/matrix/relations.ts';
import type { TestApi } from './api.ts';

/** A type of the API and the table that its rows stand in. */
export interface TableType {
  readonly name: string;
  readonly type: GraphQLObjectType;
  readonly relation: Relation;
  /** The columns that identify a row in the API; of a view, those that its comment names. */
  readonly key: readonly string[];
  /** The field of the root that pages all rows, where there is one. */
  readonly connection: string | undefined;
  /** The field of the root that finds one row by its key, where there is one. */
  readonly lookup: string | undefined;
}

export interface ApiModel {
  readonly schema: GraphQLSchema;
  /** By the name of the type. */
  readonly types: ReadonlyMap<string, TableType>;
  fieldOfColumn(relation: string, column: string): string;
}

const unquoted = (name: string): string => name.replaceAll('"', '');

type Field = GraphQLField<unknown, unknown>;

export const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
export const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
export const camelCase = (snake: string): string =>
  snake.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

export const fieldsOf = (type: GraphQLObjectType | null | undefined): readonly Field[] =>
  Object.values(type?.getFields() ?? {});
export const targetOf = (type: GraphQLOutputType): GraphQLNamedType => getNamedType(type);
export const isLeafField = (field: Field): boolean => isLeafType(targetOf(field.type));
export const isConnectionField = (field: Field): boolean => targetOf(field.type).name.endsWith('Connection');
export const hasArgument = (field: Field, name: string): boolean =>
  field.args.some((argument) => argument.name === name);
export const isCallable = (field: Field): boolean =>
  field.args.every((argument) => !String(argument.type).endsWith('!') || argument.defaultValue !== undefined);

/** The rows' type of a connection. */
export function rowTypeOf(schema: GraphQLSchema, field: Field): string {
  const connection = schema.getType(targetOf(field.type).name);
  const nodes = isObjectType(connection) ? connection.getFields()['nodes'] : undefined;
  return nodes ? targetOf(nodes.type).name : '';
}

/** What clients see, and behind each type its table, read from the catalog and not from the code under test. */
export async function readApiModel(db: TestDatabase, api: TestApi): Promise<ApiModel> {
  const { data } = await api.ask(getIntrospectionQuery());
  const schema = buildClientSchema(data);
  const relations = new Map(
    [...(await readRelations(db))].map(([name, { columns, primaryKey }]): [string, Relation] => [
      name,
      { name, columns: columns.map(unquoted), primaryKey: primaryKey.map(unquoted) },
    ]),
  );
  const { rows: named } = await db.query<{ relation: string; name: string; key: string | null }>(
    `select oid::regclass::text as relation,
       (regexp_match(obj_description(oid, 'pg_class'), '^@name +(\\S+)', 'n'))[1] as name,
       (regexp_match(obj_description(oid, 'pg_class'), '^@primaryKey +(\\S+)', 'n'))[1] as key
     from pg_catalog.pg_class
     where obj_description(oid, 'pg_class') ~ '(?n)^@name ' and not relispartition`,
  );
  const { rows: columns } = await db.query<{ column: string; tag: string | null; type: string }>(
    `select attrelid::regclass::text || '.' || attname as column,
       (regexp_match(col_description(attrelid, attnum), '^@name +(\\S+)', 'n'))[1] as tag,
       atttypid::regtype::text as type
     from pg_catalog.pg_attribute
     where attnum > 0 and not attisdropped`,
  );
  const columnOf = new Map(columns.map((column) => [column.column, column]));

  const fieldOfColumn = (relation: string, column: string): string => {
    const known = columnOf.get(`${relation}.${column}`);
    if (known?.tag) return camelCase(known.tag);
    return camelCase(column.endsWith('_by') && known?.type === 'uuid' ? `${column}_id` : column);
  };

  const query = fieldsOf(schema.getQueryType());
  const types = new Map<string, TableType>();
  for (const { relation: relationName, name: snake, key } of named) {
    const name = upperFirst(camelCase(snake));
    const type = schema.getType(name);
    const relation = relations.get(relationName);
    if (!isObjectType(type) || !relation) continue;
    const keyColumns = key?.split(',') ?? relation.primaryKey;
    const keyFields = keyColumns.map((column) => fieldOfColumn(relationName, column)).sort();
    types.set(name, {
      name,
      type,
      relation,
      key: keyColumns,
      connection: query.find(
        (field) =>
          isConnectionField(field) && rowTypeOf(schema, field) === name && hasArgument(field, 'orderBy'),
      )?.name,
      lookup: query.find(
        (field) =>
          field.name === lowerFirst(name) &&
          targetOf(field.type).name === name &&
          keyFields.join() ===
            field.args
              .map((argument) => argument.name)
              .sort()
              .join(),
      )?.name,
    });
  }
  return { schema, types, fieldOfColumn };
}

/** The key of a row, from the opaque identifier of the Node interface. */
export function keyOfNode(nodeId: string): readonly string[] {
  const [, ...key]: unknown[] = JSON.parse(Buffer.from(nodeId, 'base64').toString('utf8'));
  return key.map(String);
}

/** Wide open, so that a test can ask for everything at once. */
export const withoutLimits: Readonly<Record<string, string>> = {
  STOA_LIMIT_QUERY_LENGTH: '1000000',
  STOA_LIMIT_BODY_BYTES: '2000000',
  STOA_LIMIT_FIELDS: '10000',
  STOA_LIMIT_ROOT_FIELDS: '1000',
  STOA_LIMIT_ALIASES: '10000',
  STOA_LIMIT_DEPTH: '40',
  STOA_LIMIT_ROWS: '10000000',
  STOA_LIMIT_COST: '100000000',
  STOA_RATE_ADDRESS: '0',
  STOA_RATE_ACCOUNT: '0',
};
