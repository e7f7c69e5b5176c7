import { relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const lockTable: Rule = {
  id: 'lock-table',
  level: 'warning',
  condition: 'A table is locked by hand',
  effect: 'Whoever needs it waits until the end of the file, and LOCK TABLE says nothing of why.',
  cure: 'Let the statement that needs the lock take it: it takes the weakest that will do.',
  covers: [],
  examples: {
    bad: `lock table app.posts in access exclusive mode;`,
    good: [`alter table app.posts add column language text;`],
  },
  find: ({ node, world }) => {
    if (!('LockStmt' in node)) return nothing;
    return (node.LockStmt.relations ?? []).flatMap((each) =>
      'RangeVar' in each && !world.isNew(relationName(each.RangeVar))
        ? [{ message: `${relationName(each.RangeVar)} stays locked until the end of the file` }]
        : nothing,
    );
  },
};
