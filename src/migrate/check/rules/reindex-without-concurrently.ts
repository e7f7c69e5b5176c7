import { relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const reindexWithoutConcurrently: Rule = {
  id: 'reindex-without-concurrently',
  level: 'warning',
  condition: 'Indexes are rebuilt without CONCURRENTLY',
  effect: 'Nobody writes to the table until that is done, and nobody uses the index for reading.',
  cure: 'reindex … concurrently, in a migration of its own.',
  covers: ['require-concurrent-reindex'],
  examples: {
    bad: `reindex table app.posts;`,
    good: [`reindex table concurrently app.posts;`],
  },
  find: ({ node, world }) => {
    if (!('ReindexStmt' in node)) return nothing;
    const { relation, name, params = [] } = node.ReindexStmt;
    if (params.some((each) => 'DefElem' in each && each.DefElem.defname === 'concurrently')) return nothing;
    const what = relation ? relationName(relation) : (name ?? 'the database');
    return world.isNew(what) ? nothing : [{ message: `nobody writes to ${what} meanwhile` }];
  },
};
