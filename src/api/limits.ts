import {
  type ASTNode,
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLNamedType,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'postgraphile/graphql';
import type { QueryLimits } from './query-limits.ts';

export { type QueryLimits, queryLimits } from './query-limits.ts';

export const queryTooComplex = 'QUERY_TOO_COMPLEX';

interface Measure {
  root: number;
  fields: number;
  introspection: number;
  aliases: number;
  depth: number;
  rows: number;
  cost: number;
}

const nothing = (): Measure => ({
  root: 0,
  fields: 0,
  introspection: 0,
  aliases: 0,
  depth: 0,
  rows: 0,
  cost: 0,
});

/** Fields that read everything their connection holds, whatever the page size is. */
const countingFields: ReadonlySet<string> = new Set(['totalCount', 'aggregates', 'groupedAggregates']);
const costOfCounting = 100;

/**
 * The rule that refuses a document before it is planned. It counts what the document expands to, each
 * fragment measured once, so its own cost is linear in the text however deep fragments are nested.
 * What stands below `__schema` and `__type` has a count of its own: it costs no rows and goes deeper.
 *
 * It throws before any other rule has seen a node, because some of them take time that grows with the square of the
 * text. Fragments are measured by themselves, too: the other rules look into one that nothing spreads.
 */
export function makeLimitsRule(limits: QueryLimits) {
  return function LimitsRule(context: ValidationContext): ASTVisitor {
    const measured = new Map<string, Measure>();

    const measureFragment = (definition: FragmentDefinitionNode, open: ReadonlySet<string>): Measure => {
      const name = definition.name.value;
      const known = measured.get(name);
      if (known) return known;
      // A cycle is the business of the rule NoFragmentCycles.
      if (open.has(name)) return nothing();
      const type = context.getSchema().getType(definition.typeCondition.name.value);
      const result = measure(definition.selectionSet, type, new Set(open).add(name));
      measured.set(name, result);
      return result;
    };

    const measure = (
      set: SelectionSetNode,
      parent: GraphQLNamedType | undefined,
      open: ReadonlySet<string>,
    ): Measure => {
      const total = nothing();
      for (const selection of set.selections) {
        if (selection.kind === Kind.FIELD) {
          if (selection.name.value === '__schema' || selection.name.value === '__type') {
            const below = selection.selectionSet
              ? measure(selection.selectionSet, undefined, open)
              : nothing();
            total.root += 1;
            total.aliases += selection.alias ? 1 : 0;
            total.introspection += 1 + below.fields;
            continue;
          }
          const type = fieldType(parent, selection.name.value);
          const below = selection.selectionSet ? measure(selection.selectionSet, type, open) : nothing();
          const isBatch = isListOfEvent(parent, selection.name.value);
          const isPage =
            isBatch || isConnection(type) || sizeArguments.some((name) => hasArgument(selection, name));
          const pageSize = isBatch ? limits.maxEventRows : isPage ? pageSizeOf(selection, limits) : 1;
          total.root += 1;
          total.fields += 1 + below.fields;
          total.introspection += below.introspection;
          total.aliases += (selection.alias ? 1 : 0) + below.aliases;
          total.depth = Math.max(total.depth, 1 + below.depth);
          total.rows += isPage ? pageSize * (1 + below.rows) : below.rows;
          total.cost +=
            (countingFields.has(selection.name.value) ? costOfCounting : 1) +
            (isPage ? pageSize : 1) * below.cost;
          continue;
        }
        let part: Measure = nothing();
        if (selection.kind === Kind.FRAGMENT_SPREAD) {
          const definition = context.getFragment(selection.name.value);
          if (definition) part = measureFragment(definition, open);
        } else {
          const condition = selection.typeCondition;
          const type = condition ? context.getSchema().getType(condition.name.value) : parent;
          part = measure(selection.selectionSet, type, open);
        }
        total.root += part.root;
        total.fields += part.fields;
        total.introspection += part.introspection;
        total.aliases += part.aliases;
        total.depth = Math.max(total.depth, part.depth);
        total.rows += part.rows;
        total.cost += part.cost;
      }
      return total;
    };

    const check = (definition: ASTNode, total: Measure, isFragment: boolean): void => {
      const [over] = (
        [
          // A fragment has no root fields: what stands first in it may stand anywhere.
          ['root_fields', 'root fields', isFragment ? 0 : total.root, limits.maxRootFields],
          ['fields', 'fields', total.fields, limits.maxFields],
          ['introspection', 'fields of the schema', total.introspection, limits.maxIntrospectionFields],
          ['aliases', 'aliases', total.aliases, limits.maxAliases],
          ['depth', 'levels', total.depth, limits.maxDepth],
          ['rows', 'rows (the page sizes of nested connections multiply)', total.rows, limits.maxRows],
          ['cost', 'values (fields times the rows they stand in)', total.cost, limits.maxCost],
        ] as const
      ).filter(([, , asked, limit]) => asked > limit);
      if (!over) return;
      const [key, label, , limit] = over;
      throw new GraphQLError(`The query asks for too many ${label}: at most ${limit} are allowed.`, {
        nodes: definition,
        extensions: { code: queryTooComplex, reason: `query.${key}`, limit },
      });
    };

    return {
      Document(document) {
        for (const definition of document.definitions) {
          if (definition.kind === Kind.OPERATION_DEFINITION) {
            const type = context.getSchema().getRootType(definition.operation);
            // graphql-js validates nothing below a root that does not exist, and the planner does not expect one.
            if (!type) {
              throw new GraphQLError(`There are no operations of the kind ${definition.operation}.`, {
                nodes: definition,
              });
            }
            check(definition, measure(definition.selectionSet, type, new Set()), false);
          } else if (definition.kind === Kind.FRAGMENT_DEFINITION) {
            const total = measureFragment(definition, new Set());
            const isOfSchema = definition.typeCondition.name.value.startsWith('__');
            check(definition, isOfSchema ? { ...nothing(), introspection: total.fields } : total, true);
          }
        }
      },
    };
  };
}

function fieldType(parent: GraphQLNamedType | undefined, field: string): GraphQLNamedType | undefined {
  if (!isObjectType(parent) && !isInterfaceType(parent)) return undefined;
  const definition = parent.getFields()[field];
  if (!definition) return undefined;
  const type = getNamedType(definition.type);
  return isCompositeType(type) ? type : undefined;
}

function isListOfEvent(parent: GraphQLNamedType | undefined, field: string): boolean {
  if (!isObjectType(parent) || !parent.name.endsWith('Event')) return false;
  const definition = parent.getFields()[field];
  return definition !== undefined && isListType(getNullableType(definition.type));
}

function isConnection(type: GraphQLNamedType | undefined): boolean {
  return isObjectType(type) && type.name.endsWith('Connection');
}

/** `limit`: of functions that page by themselves. */
const sizeArguments: readonly string[] = ['first', 'last', 'limit'];

function hasArgument(field: FieldNode, name: string): boolean {
  return field.arguments?.some((argument) => argument.name.value === name) ?? false;
}

/** A variable counts as the largest page: the verdict on a query text must not depend on its variables. */
function pageSizeOf(field: FieldNode, limits: QueryLimits): number {
  for (const argument of field.arguments ?? []) {
    if (!sizeArguments.includes(argument.name.value)) continue;
    if (argument.value.kind === Kind.INT) return Math.max(0, Number.parseInt(argument.value.value, 10));
    if (argument.value.kind === Kind.VARIABLE) return limits.maxPageSize;
  }
  return limits.defaultPageSize;
}
