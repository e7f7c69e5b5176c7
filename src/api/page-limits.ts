import 'postgraphile';
import { type ConnectionStep, type ExecutableStep, type FieldArg, constant, lambda, list, SafeError } from 'postgraphile/grafast';
import type { QueryLimits } from './limits.ts';

/**
 * Gives every connection, at whatever depth, a default and a largest page size, and takes away `offset`: it
 * reads and throws away, and shifts when rows arrive. Left alone, PostGraphile returns every row there is.
 */
export function makePageLimitsPlugin(limits: QueryLimits): GraphileConfig.Plugin {
  const checkSize = (size: unknown): void => {
    if (size === null || size === undefined) return;
    if (typeof size === 'number' && size >= 0 && size <= limits.maxPageSize) return;
    throw new SafeError(`A page holds 0 to ${limits.maxPageSize} rows; ${String(size)} were asked for.`, {
      code: 'INVALID',
      reason: 'page.size',
      limit: limits.maxPageSize,
      cure: 'Ask for a smaller page and follow pageInfo.endCursor.',
    });
  };
  const firstOrDefault = ([first, last]: readonly [unknown, unknown]): number | null => {
    checkSize(first);
    checkSize(last);
    if (typeof first === 'number' && typeof last === 'number') {
      throw new SafeError('A page is counted from one end: "first" and "last" exclude each other.', {
        code: 'INVALID',
        reason: 'page.direction',
        cure: 'Send one of them.',
      });
    }
    if (typeof first === 'number') return first;
    return typeof last === 'number' ? null : limits.defaultPageSize;
  };
  const setLast = (_parent: unknown, $connection: ConnectionStep<ExecutableStep>, argument: FieldArg): void => {
    const $last = lambda(argument.getRaw(), (last) => {
      checkSize(last);
      return typeof last === 'number' ? last : null;
    });
    $connection.setLast($last);
  };

  return {
    name: 'StoaPageLimitsPlugin',
    version: '1.0.0',
    description: 'Default and largest page size on every connection; no offset.',
    after: ['PgFirstLastBeforeAfterArgsPlugin'],
    schema: {
      hooks: {
        GraphQLObjectType_fields_field_args: {
          after: ['PgFirstLastBeforeAfterArgsPlugin'],
          callback(args, _build, context) {
            const { isPgFieldConnection, isPgFieldSimpleCollection } = context.scope;
            if (!isPgFieldConnection && !isPgFieldSimpleCollection) return args;
            const { offset: _offset, ...kept } = args;
            // Such a list has a limit of its own.
            if (isPgFieldSimpleCollection) {
              const { first: _first, ...own } = kept;
              return own;
            }
            // The plan of the field sets both, for the default needs to know of `last`.
            if (kept['first']) {
              const { applyPlan: _applyPlan, ...first } = kept['first'];
              kept['first'] = {
                ...first,
                description: `The size of the page: ${limits.defaultPageSize} when left out, at most ${limits.maxPageSize}.`,
              };
            }
            if (kept['last']) {
              kept['last'] = {
                ...kept['last'],
                description: `The size of a page that is counted from the end: at most ${limits.maxPageSize}.`,
                applyPlan: setLast,
              };
            }
            return kept;
          },
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
