import 'postgraphile';
import {
  type PgCodec,
  type PgResource,
  type PgSelectQueryBuilder,
  PgSelectStep,
  withPgClientFromPgService,
} from 'postgraphile/@dataplan/pg';
import {
  type ConnectionStep,
  type ExecutableStep,
  type FieldArg,
  lambda,
  SafeError,
} from 'postgraphile/grafast';
import { type SQL, sql } from 'postgraphile/pg-sql2';
import { exitCodes, StoaError } from '../errors.ts';

/**
 * An order that a client may page by exists because an index serves it, and is declared where the index is:
 * the smart tag `@order HOT` in the index's comment. Columns, directions and predicate are read from the
 * index itself, so the order and its access path cannot drift apart. Words after the name:
 *
 * - `backward`: the index is walked from its end, as a primary key is for "newest first";
 * - `live`: leaves out deleted rows although the index holds them (the few are filtered);
 * - `unique`: the columns identify a row although no constraint says so (a path that ends in the identifier).
 *
 * The leading columns that belong to foreign keys are bound by the parent row, not sorted by: an index on
 * (forum_id, hot_rank desc, id desc) serves the posts of a forum. A connection offers only the orders that an
 * index serves for what its parent binds, and refuses the others. Where the parent leaves a column open by
 * which rows of the same table nest (parent_id), the order gives the top level.
 */
interface ServedOrder {
  readonly name: string;
  readonly columns: readonly OrderColumn[];
  readonly description: string;
  /** What a parent must bind (column names, sorted, with commas; '' at the root) → what is then added. */
  readonly places: Map<string, readonly Condition[]>;
}

interface OrderColumn {
  readonly name: string;
  readonly descending: boolean;
}

interface Condition {
  readonly column: string;
  readonly test: 'is null' | 'is not null' | 'is true' | 'is false';
}

interface IndexColumn {
  readonly name: string | null;
  readonly descending: boolean;
  readonly nullable: boolean;
  /** Belongs to a foreign key, so a parent row fixes it. */
  readonly bound: boolean;
  /** Belongs to a foreign key to the same table. */
  readonly nests: boolean;
}

interface TaggedIndex {
  readonly schema: string;
  readonly table: string;
  readonly index: string;
  readonly comment: string;
  readonly predicate: string | null;
  readonly columns: readonly IndexColumn[];
  readonly unique_sets: readonly (readonly string[])[];
}

type Orders = ReadonlyMap<string, ServedOrder>;

declare global {
  namespace GraphileBuild {
    interface BuildInput {
      /** By schema and table. */
      stoaOrders?: ReadonlyMap<string, Orders>;
    }
  }
}

const taggedIndexes = `
  select
    table_schema.nspname as schema,
    indexed.relname as table,
    index_class.relname as index,
    obj_description(index_class.oid, 'pg_class') as comment,
    pg_get_expr(pg_index.indpred, pg_index.indrelid) as predicate,
    (
      select json_agg(
        json_build_object(
          'name', attribute.attname,
          'descending', (pg_index.indoption[place - 1] & 1) = 1,
          'nullable', not coalesce(attribute.attnotnull, false),
          'bound', exists (
            select
            from pg_constraint
            where conrelid = indexed.oid
              and contype = 'f'
              and attribute.attnum = any (conkey)
          ),
          'nests', exists (
            select
            from pg_constraint
            where conrelid = indexed.oid
              and confrelid = indexed.oid
              and attribute.attnum = any (conkey)
          )
        )
        order by place
      )
      from generate_series(1, pg_index.indnkeyatts) as place
        left join pg_attribute as attribute
          on attribute.attrelid = indexed.oid
          and attribute.attnum = pg_index.indkey[place - 1]
    ) as columns,
    (
      select coalesce(json_agg((
        select json_agg(attname)
        from pg_attribute
        where attrelid = indexed.oid
          and attnum = any (conkey)
      )), '[]')
      from pg_constraint
      where conrelid = indexed.oid
        and contype in ('p', 'u')
    ) as unique_sets
  from pg_index
    join pg_class as index_class on index_class.oid = pg_index.indexrelid
    join pg_class as indexed on indexed.oid = pg_index.indrelid
    join pg_namespace as table_schema on table_schema.oid = indexed.relnamespace
  where table_schema.nspname = any ($1)
    and obj_description(index_class.oid, 'pg_class') ~ '^@order '
`;

export const OrdersPlugin: GraphileConfig.Plugin = {
  name: 'StoaOrdersPlugin',
  version: '1.0.0',
  description: 'The orders of a connection are the ones its indexes declare.',
  gather: {
    async main(output, info) {
      const found = new Map<string, Map<string, ServedOrder>>();
      for (const service of info.resolvedPreset.pgServices ?? []) {
        const { rows } = await withPgClientFromPgService(service, null, (client) =>
          client.query<TaggedIndex>({ text: taggedIndexes, values: [service.schemas ?? []] }),
        );
        for (const row of rows) {
          const key = `${row.schema}.${row.table}`;
          const orders = found.get(key) ?? new Map<string, ServedOrder>();
          found.set(key, orders);
          addOrder(orders, row);
        }
      }
      output.stoaOrders = found;
    },
  },
  schema: {
    hooks: {
      GraphQLEnumType_values: {
        after: ['PgOrderByPrimaryKeyPlugin'],
        callback(values, build, context) {
          const { isPgRowSortEnum, pgCodec } = context.scope;
          if (!isPgRowSortEnum || !pgCodec) return values;
          const { [build.inflection.builtin('NATURAL')]: _natural, ...kept } = values;
          for (const order of ordersOf(build, pgCodec).values()) {
            kept[order.name] = { description: order.description };
          }
          return kept;
        },
      },
      GraphQLObjectType_fields_field_args: {
        after: ['PgConnectionArgOrderByPlugin'],
        callback(args, build, context) {
          const { isPgFieldConnection, pgFieldResource, pgRelationDetails } = context.scope;
          if (!isPgFieldConnection || !pgFieldResource || !args['orderBy']) return args;
          const { inflection } = build;
          const enumType = build.getTypeByName(
            inflection.orderByType(inflection.tableType(pgFieldResource.codec)),
          );
          if (!build.graphql.isEnumType(enumType)) return args;

          const place = placeOf(pgRelationDetails);
          const orders = ordersOf(build, pgFieldResource.codec);
          const offered = [
            ...['PRIMARY_KEY_ASC', 'PRIMARY_KEY_DESC'].map((name) => inflection.builtin(name)),
            ...[...orders.values()].filter((order) => order.places.has(place)).map((order) => order.name),
          ].filter((name) => enumType.getValue(name));
          // Newest first where the identifier is the time of making; the feed of that order where there is one.
          const newest = offered.includes('NEW') ? 'NEW' : inflection.builtin('PRIMARY_KEY_DESC');
          const fallback = enumType.getValue(
            isTimeOrdered(pgFieldResource) ? newest : inflection.builtin('PRIMARY_KEY_ASC'),
          );
          return {
            ...args,
            orderBy: {
              type: enumType,
              description: `An order that an index serves here: ${offered.join(', ')}.`,
              ...(fallback ? { defaultValue: fallback.value } : {}),
              applyPlan(_parent: unknown, $connection: ConnectionStep<ExecutableStep>, argument: FieldArg) {
                const $rows = $connection.getSubplan();
                if (!($rows instanceof PgSelectStep))
                  throw new Error(`${context.Self.name} is no list of rows`);
                $rows.apply(
                  lambda(argument.getRaw(), (asked) => orderRows(asked, offered, orders, place), true),
                );
                argument.apply($rows);
              },
            },
          };
        },
      },
    },
  },
};

function orderRows(asked: unknown, offered: readonly string[], orders: Orders, place: string) {
  if (asked === null || asked === undefined) return null;
  const name = String(asked);
  if (!offered.includes(name)) {
    throw new SafeError(`No index serves the order ${name} here.`, {
      code: 'INVALID',
      reason: 'order.not_served',
      cure: `Choose from ${offered.join(', ')}, or ask where the order is served.`,
    });
  }
  const order = orders.get(name);
  if (!order) return null;
  const conditions = order.places.get(place) ?? [];
  return (rows: PgSelectQueryBuilder): void => {
    for (const { column, test } of conditions) {
      rows.where(tests[test](sql`${rows.alias}.${sql.identifier(column)}`));
    }
    for (const { name, descending } of order.columns) {
      rows.orderBy({ attribute: name, direction: descending ? 'DESC' : 'ASC' });
    }
    rows.setOrderIsUnique();
  };
}

// A flag stands by itself: the planner does not see that "is true" implies the predicate of the index.
const tests: Record<Condition['test'], (column: SQL) => SQL> = {
  'is null': (column) => sql`${column} is null`,
  'is not null': (column) => sql`${column} is not null`,
  'is true': (column) => column,
  'is false': (column) => sql`not ${column}`,
};

function ordersOf(build: GraphileBuild.Build, codec: PgCodec): Orders {
  const { schemaName, name } = codec.extensions?.pg ?? {};
  return build.input.stoaOrders?.get(`${schemaName}.${name}`) ?? new Map();
}

function placeOf(relation: GraphileBuild.PgRelationsPluginRelationDetails | undefined): string {
  if (!relation) return '';
  const { registry, codec, relationName } = relation;
  const { remoteAttributes } = registry.pgRelations[codec.name]?.[relationName] ?? { remoteAttributes: [] };
  return keyOf(remoteAttributes);
}

const keyOf = (columns: readonly string[]): string => [...columns].sort().join(',');

/** The primary key ends in a version 7 identifier: its descending order is "newest first". */
function isTimeOrdered(resource: PgResource): boolean {
  const last = resource.uniques.find((unique) => unique.isPrimary)?.attributes.at(-1);
  return last === 'id' && resource.codec.attributes?.[last]?.codec.name === 'uuid';
}

function addOrder(orders: Map<string, ServedOrder>, row: TaggedIndex): void {
  const wrong = (what: string): StoaError =>
    new StoaError('api.order', `The index ${row.schema}.${row.index} declares an order, but ${what}.`, {
      cure: 'Correct the @order tag in its comment, or the index.',
      exitCode: exitCodes.configuration,
    });
  const [tag = '', ...text] = row.comment.split('\n');
  const [, name = '', ...words] = tag.trim().split(/\s+/);
  if (!/^[A-Z][A-Z_]*$/.test(name)) throw wrong(`"${name}" is not a name for one`);
  const unknown = words.find((word) => !['backward', 'live', 'unique'].includes(word));
  if (unknown) throw wrong(`the word "${unknown}" means nothing`);

  const firstSorted = row.columns.findIndex((column) => !column.bound);
  const bound = row.columns.slice(0, firstSorted).flatMap((column) => column.name ?? []);
  const columns = row.columns.slice(firstSorted).map((column) => {
    if (column.name === null) throw wrong('it sorts by an expression');
    if (column.nullable) throw wrong(`${column.name} may be null, and a cursor cannot stand on a null`);
    return { name: column.name, descending: words.includes('backward') !== column.descending };
  });
  if (firstSorted < 0) throw wrong('every column belongs to a foreign key');
  const fixed = new Set([...bound, ...columns.map((column) => column.name)]);
  const identifies = row.unique_sets.some((set) => set.every((column) => fixed.has(column)));
  if (!identifies && !words.includes('unique')) throw wrong('its columns do not identify a row');

  const conditions = parsePredicate(row.predicate, wrong).filter(
    (condition) => !(condition.test === 'is not null' && bound.includes(condition.column)),
  );
  if (words.includes('live')) conditions.push({ column: 'deleted_at', test: 'is null' });

  const known = orders.get(name);
  if (known && JSON.stringify(known.columns) !== JSON.stringify(columns)) {
    throw wrong(`another index of the table gives ${name} another meaning`);
  }
  const order = known ?? { name, columns, description: text.join('\n').trim(), places: new Map() };
  order.places.set(keyOf(bound), conditions);
  const nesting = row.columns.filter(
    (column) => column.nests && column.nullable && bound.includes(column.name ?? ''),
  );
  if (nesting.length > 0) {
    const open = nesting.flatMap((column) => column.name ?? []);
    const topLevel = open.map((column): Condition => ({ column, test: 'is null' }));
    order.places.set(keyOf(bound.filter((column) => !open.includes(column))), [...conditions, ...topLevel]);
  }
  orders.set(name, order);
}

/** The predicates that an order may have: tests for null and plain booleans, joined by AND. */
function parsePredicate(predicate: string | null, wrong: (what: string) => StoaError): Condition[] {
  if (predicate === null) return [];
  const bare = (part: string): string => part.replace(/^\((.*)\)$/, '$1');
  return bare(predicate)
    .split(' AND ')
    .map(bare)
    .map((part) => {
      const nullTest = /^(\w+) IS (NOT )?NULL$/.exec(part);
      if (nullTest?.[1]) return { column: nullTest[1], test: nullTest[2] ? 'is not null' : 'is null' };
      const flag = /^(NOT )?(\w+)$/.exec(part);
      if (flag?.[2]) return { column: flag[2], test: flag[1] ? 'is false' : 'is true' };
      throw wrong(`its predicate "${part}" is more than tests for null and booleans`);
    });
}
