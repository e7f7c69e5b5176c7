import 'postgraphile';
import type { PgResource, PgResourceUnique } from 'postgraphile/@dataplan/pg';

declare global {
  namespace GraphileBuild {
    interface BehaviorStrings {
      // Declared by @graphile/pg-aggregates, but not in its types.
      'resource:aggregates': true;
    }
  }
}

/** A function that takes the size of its page brings its own keyset: it is a list, and no connection is laid over it. */
export function pagesItself(resource: PgResource): boolean {
  if (resource.isUnique || !resource.parameters) return false;
  return resource.parameters.some(({ name }) => name === 'p_first' || name === 'p_limit');
}

/** Whom a request acts as; what PUBLIC may do, each of them may. */
const callers: ReadonlySet<string> = new Set([
  'public',
  'stoa_anonymous',
  'stoa_member',
  'stoa_moderator',
  'stoa_admin',
]);

/**
 * What of the database becomes API. Grants decide first: a table or function that no request role may use is
 * not there. Then:
 *
 * - rows are read through connections and look-ups, and written through procedures; a table opts into
 *   generated writes of its own rows with `@behavior +update` in its comment;
 * - a function tagged `@internal` is left out: policies need it granted, clients do not need it;
 * - aggregates are off until a table asks for them with
 *   `@behavior +resource:aggregates +resource:groupedAggregates`, because each costs a scan of what it counts.
 */
export const ExposurePlugin: GraphileConfig.Plugin = {
  name: 'StoaExposurePlugin',
  version: '1.0.0',
  description: 'Reads are generated, writes are procedures, helpers of policies stay inside.',
  gather: {
    hooks: {
      // What only jobs and the owner may call is not even looked at: its types need no form and no name here.
      pgIntrospection_introspection(_info, { introspection }) {
        const { procs } = introspection;
        const kept = procs.filter((proc) =>
          (proc.getACL() ?? []).some(({ role, execute }) => execute && callers.has(role)),
        );
        // In place: the list is in the hands of whoever announces it already.
        procs.splice(0, procs.length, ...kept);
      },
    },
  },
  schema: {
    entityBehavior: {
      pgResource: {
        // Here and not among the inferred, for those cannot bring back lists, which are off everywhere.
        override(behavior, resource) {
          const isGranted = resource.extensions?.canExecute !== false && !isInternal(resource);
          if (!isGranted || !pagesItself(resource)) return behavior;
          const isOfRow = resource.parameters?.[0]?.codec.attributes !== undefined;
          return [behavior, '-connection', isOfRow ? 'typeField:resource:list' : 'queryField:resource:list'];
        },
        inferred: {
          after: ['postInferred'],
          callback(behavior, resource, build) {
            if (resource.parameters) {
              return isInternal(resource)
                ? [behavior, '-queryField', '-mutationField', '-typeField']
                : behavior;
            }
            return [
              behavior,
              // Rows that each person has one of (UserSettings) are read through the person.
              ...(isPlural(resource, build) ? (['-query:resource:connection'] as const) : []),
              '-insert',
              '-update',
              '-delete',
              '-resource:aggregates',
              '-resource:groupedAggregates',
            ];
          },
        },
      },
      pgResourceUnique: {
        inferred: {
          after: ['postInferred'],
          // A key that holds the primary key and more is the target of a composite foreign key, not a way to ask.
          callback(behavior, [resource, unique]) {
            const uniques: readonly PgResourceUnique[] = resource.uniques;
            const primary = uniques.find((other) => other.isPrimary)?.attributes ?? [];
            const isWider = !unique.isPrimary && primary.every((name) => unique.attributes.includes(name));
            // One of identifiers only is a relation, which is asked for where one of its rows stands.
            const isRelation =
              unique.attributes.length > 1 &&
              unique.attributes.every((name) => resource.codec.attributes?.[name]?.codec.name === 'uuid');
            const isHidden = primary.length > 0 && (isWider || (!unique.isPrimary && isRelation));
            return isHidden ? [behavior, '-single'] : behavior;
          },
        },
      },
      pgCodecAttribute: {
        inferred: {
          after: ['postInferred'],
          // A search document is an index in the shape of a column.
          callback(behavior, [codec, name]) {
            return codec.attributes[name]?.codec.name === 'tsvector'
              ? [behavior, '-select', '-filterBy']
              : behavior;
          },
        },
      },
    },
  },
};

function isPlural(resource: PgResource, build: GraphileBuild.Build): boolean {
  const name = resource.extensions?.tags?.['name'];
  return typeof name === 'string' && build.inflection.pluralize(name) === name;
}

function isInternal(resource: PgResource): boolean {
  return resource.extensions?.tags?.['internal'] !== undefined;
}
