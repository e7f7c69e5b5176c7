import { droppedNames } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const dropIndexWithoutConcurrently: Rule = {
  id: 'drop-index-without-concurrently',
  level: 'warning',
  condition: 'An index of a table that was there before is dropped without CONCURRENTLY',
  effect:
    'It takes ACCESS EXCLUSIVE on the table: everybody queues behind the longest query that is running.',
  cure: 'drop index concurrently, in a migration of its own.',
  covers: ['require-concurrent-index-deletion'],
  examples: {
    bad: `drop index app.posts_author_idx;`,
    good: [`drop index concurrently app.posts_author_idx;`],
  },
  find: ({ node, world }) => {
    if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_INDEX' || node.DropStmt.concurrent)
      return nothing;
    return droppedNames(node.DropStmt.objects).flatMap((name) => {
      const table = world.tableOfIndex(name);
      return table !== undefined && world.isNew(table)
        ? nothing
        : [{ message: `nobody reads or writes ${table ?? 'its table'} while ${name} is dropped` }];
    });
  },
};
