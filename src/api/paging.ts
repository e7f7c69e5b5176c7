import 'postgraphile';
import {
  type ConnectionStep,
  constant,
  type FieldArg,
  type GrafastFieldConfigArgumentMap,
  lambda,
  list,
  SafeError,
  type Step,
} from 'postgraphile/grafast';
import type { QueryLimits } from './limits.ts';

type Connection = ConnectionStep<Step>;

/**
 * The arguments by which a connection is paged, at whatever depth it stands: first and after, last and before. It
 * takes the place of PostGraphile's own, which has no largest page (without `first` it returns every row there
 * is), has `offset`, which reads and throws away and shifts when rows arrive, and gets in the way of functions
 * that page by themselves.
 */
export function makePagingPlugin(limits: QueryLimits): GraphileConfig.Plugin {
  const checkSize = (size: unknown): number | null => {
    if (size === null || size === undefined) return null;
    if (typeof size === 'number' && size >= 0 && size <= limits.maxPageSize) return size;
    throw new SafeError(`A page holds 0 to ${limits.maxPageSize} rows; ${String(size)} were asked for.`, {
      code: 'INVALID',
      reason: 'page.size',
      limit: limits.maxPageSize,
      cure: 'Ask for a smaller page and follow pageInfo.endCursor.',
    });
  };
  const firstOrDefault = ([askedFirst, askedLast]: readonly [unknown, unknown]): number | null => {
    const first = checkSize(askedFirst);
    const last = checkSize(askedLast);
    if (first !== null && last !== null) {
      throw new SafeError('A page is counted from one end: "first" and "last" exclude each other.', {
        code: 'INVALID',
        reason: 'page.direction',
        cure: 'Send one of them.',
      });
    }
    return first ?? (last === null ? limits.defaultPageSize : null);
  };

  return {
    name: 'StoaPagingPlugin',
    version: '1.0.0',
    description: 'Pages by cursor, with a default and a largest size.',
    schema: {
      hooks: {
        GraphQLObjectType_fields_field_args(args, build, context) {
          const { fieldName, isPgFieldConnection, pgFieldResource } = context.scope;
          if (!isPgFieldConnection) return args;
          const { GraphQLInt } = build.graphql;
          const cursor = build.getInputTypeByName(build.inflection.builtin('Cursor'));
          // The rows of a function come in its own order, which cannot be turned around.
          const forwardOnly = pgFieldResource?.parameters !== undefined;
          const forward: GrafastFieldConfigArgumentMap = {
            // Applied by the plan of the field, because the default depends on `last`.
            first: {
              type: GraphQLInt,
              description: `The size of the page: ${limits.defaultPageSize} when left out, at most ${limits.maxPageSize}.`,
            },
            after: {
              type: cursor,
              description: 'The page begins after the row with this cursor.',
              applyPlan(_parent: unknown, $connection: Connection, argument: FieldArg) {
                $connection.setAfter(argument.getRaw());
              },
            },
          };
          const backward: GrafastFieldConfigArgumentMap = {
            last: {
              type: GraphQLInt,
              description: `The size of a page that is counted from the end: at most ${limits.maxPageSize}.`,
              applyPlan(_parent: unknown, $connection: Connection, argument: FieldArg) {
                $connection.setLast(lambda(argument.getRaw(), checkSize));
              },
            },
            before: {
              type: cursor,
              description: 'The page ends before the row with this cursor.',
              applyPlan(_parent: unknown, $connection: Connection, argument: FieldArg) {
                $connection.setBefore(argument.getRaw());
              },
            },
          };
          return build.extend(
            args,
            forwardOnly ? forward : { ...forward, ...backward },
            `Adding the arguments for paging to '${fieldName}' of '${context.Self.name}'`,
          );
        },
        GraphQLObjectType_fields_field(field, _build, context) {
          if (!context.scope.isPgFieldConnection || !field.plan) return field;
          const plan = field.plan;
          return {
            ...field,
            plan($parent, args, info) {
              const $connection = plan($parent, args, info);
              const takesLast = info.field.args.some((argument) => argument.name === 'last');
              const $last = takesLast ? args.getRaw('last') : constant(null);
              $connection.setFirst(lambda(list([args.getRaw('first'), $last]), firstOrDefault));
              return $connection;
            },
          };
        },
      },
    },
  };
}
