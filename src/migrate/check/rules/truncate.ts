import { relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const truncate: Rule = {
  id: 'truncate',
  level: 'error',
  condition: 'A table that was there before is emptied',
  effect:
    'All rows are gone, under ACCESS EXCLUSIVE; triggers that keep counters or history do not see them go. With CASCADE so are the rows of every table that points to it.',
  cure: 'Delete the rows that must go in batches; or make a new table and switch.',
  covers: ['ban-truncate-cascade'],
  examples: {
    bad: `truncate app.chk;`,
    good: [`delete from app.chk where b < 10;`],
  },
  find: ({ node, world }) => {
    if (!('TruncateStmt' in node)) return nothing;
    return (node.TruncateStmt.relations ?? []).flatMap((each) =>
      'RangeVar' in each && !world.isNew(relationName(each.RangeVar))
        ? [{ message: `every row of ${relationName(each.RangeVar)} is gone` }]
        : nothing,
    );
  },
};
