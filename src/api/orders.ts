import 'postgraphile';
import { withPgClientFromPgService } from 'postgraphile/@dataplan/pg';
import { type FieldArg, lambda, SafeError } from 'postgraphile/grafast';
import type { SQL } from 'postgraphile/pg-sql2';

/**
 * An order that a client may page by exists because an index serves it, and is declared where the index is:
 * the smart tag `@order HOT` in the index's comment. Columns, directions and predicate are read from the
 * index itself, so the order and the access path cannot drift apart.
 */
interface ServedOrder {
  readonly name: string;
  readonly columns: readonly OrderColumn[];
  readonly conditions: readonly Condition[];
  /** Columns that must be bound (by the parent row) for the index to serve the order; `''` when none. */
  readonly servedFor: Set<string>;
  readonly description: string;
}

interface OrderColumn {
  readonly name: string;
  readonly descending: boolean;
}

interface Condition {
  readonly column: string;
  readonly test: 'is null' | 'is not null' | 'is true' | 'is false';
}

interface TaggedIndex {
  readonly schema: string;
  readonly table: string;
  readonly index: string;
  readonly comment: string;
  readonly predicate: string | null;
  readonly columns: readonly { name: string | null; descending: boolean; nullable: boolean; bound: boolean }[];
  readonly unique_sets: readonly (readonly string[])[];
}

type OrdersByTable = ReadonlyMap<string, ReadonlyMap<string, ServedOrder>>;

declare global {
  namespace GraphileBuild {
    interface BuildInput {
      stoaOrders?: OrdersByTable;
    }
  }
}

/** `bound`: the column belongs to a foreign key, so a parent row fixes it. */
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
        for (const row of rows) addOrder(found, row);
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
          for (const order of ordersOf(build, pgCodec)?.values() ?? []) {
            kept[order.name] = {
              description: order.description,
              extensions: { grafast: { apply: makeApply(build, order) } },
            };
          }
          return kept;
        },
      },
      GraphQLObjectType_fields_field_args: {
        after: ['PgConnectionArgOrderByPlugin'],
        callback(args, build, context) {
          const { isPgFieldConnection, pgFieldResource } = context.scope;
          const orderBy = args['orderBy'];
          if (!isPgFieldConnection || !pgFieldResource || !orderBy) return args;
          const orders = ordersOf(build, pgFieldResource.codec);
          const bound = boundColumns(context.scope.pgRelationDetails);
          const typeName = build.inflection.orderByType(build.inflection.tableType(pgFieldResource.codec));
          const enumType = build.getTypeByName(typeName);
          if (!build.graphql.isEnumType(enumType)) return args;

          const served = [...(orders?.values() ?? [])].filter((order) => order.servedFor.has(bound));
          const newestFirst = isTimeOrdered(pgFieldResource);
          const fallback = build.inflection.builtin(newestFirst ? 'PRIMARY_KEY_DESC' : 'PRIMARY_KEY_ASC');
          const available = ['PRIMARY_KEY_ASC', 'PRIMARY_KEY_DESC', ...served.map((order) => order.name)];
          return {
            ...args,
            orderBy: {
              type: enumType,
              description: `One of ${available.join(', ')}: the orders that an index serves here.`,
              ...(enumType.getValue(fallback) ? { defaultValue: enumType.getValue(fallback)?.value } : {}),
              applyPlan(_parent: unknown, $connection: ConnectionOfRows, argument: FieldArg) {
                const $select = $connection.getSubplan();
                $select.apply(lambda(argument.getRaw(), (asked) => refuseUnserved(asked, orders, bound)));
                argument.apply($select);
              },
            },
          };
        },
      },
    },
  },
};
