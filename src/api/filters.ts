import 'postgraphile';

/** Comparisons that a btree index answers and that are leak-proof for the types we key by. */
export const filterOperators: readonly string[] = [
  'isNull',
  'equalTo',
  'in',
  'lessThan',
  'lessThanOrEqualTo',
  'greaterThan',
  'greaterThanOrEqualTo',
];

/**
 * A column can be filtered by when an index finds it: when it leads a btree index that holds every row.
 * PostGraphile takes any place in any index, which would offer scans. `@isIndexed` on a column overrules.
 */
export const FiltersPlugin: GraphileConfig.Plugin = {
  name: 'StoaFiltersPlugin',
  version: '1.0.0',
  description: 'Filters only by columns that lead an index.',
  gather: {
    hooks: {
      pgCodecs_attribute: {
        before: ['PgIndexBehaviorsPlugin'],
        callback(_info, { attribute, pgAttribute }) {
          const table = pgAttribute.getClass();
          if (!table || !['r', 'p', 'm'].includes(table.relkind)) return;
          const isIndexed = table
            .getIndexes()
            .some(
              (index) =>
                !index.indpred &&
                index.getIndexClass()?.getAccessMethod()?.amname === 'btree' &&
                index.getKeys()[0]?.attname === pgAttribute.attname,
            );
          attribute.extensions ??= Object.create(null);
          Object.assign(attribute.extensions ?? {}, { isIndexed });
        },
      },
    },
  },
};
