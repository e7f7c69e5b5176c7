import { relationName } from '../ast.ts';
import type { Found } from '../rule.ts';
import { nothing, type Rule } from '../rule.ts';
import type { World } from '../world.ts';

function all(table: string, what: string, world: World): readonly Found[] {
  return world.isNew(table) ? nothing : [{ message: `every row of ${table} is ${what}` }];
}

export const writeWithoutWhere: Rule = {
  id: 'write-without-where',
  level: 'warning',
  condition: 'All rows of a table that was there before are changed, deleted, or copied, in one statement',
  effect:
    'Every row is locked until the file is done, writers of those rows wait, and the table and the WAL grow by the whole of it at once; standby servers fall behind.',
  cure: 'Do it in batches outside of the migration; let the migration only prepare for it.',
  covers: [],
  examples: {
    bad: `update app.posts set state = 'open';`,
    good: [`update app.posts set state = 'open' where id = 7;`],
  },
  find: ({ node, world }) => {
    if ('UpdateStmt' in node && !node.UpdateStmt.whereClause)
      return all(relationName(node.UpdateStmt.relation), 'changed', world);
    if ('DeleteStmt' in node && !node.DeleteStmt.whereClause)
      return all(relationName(node.DeleteStmt.relation), 'deleted', world);
    if (!('InsertStmt' in node)) return nothing;
    const select = node.InsertStmt.selectStmt;
    if (!select || !('SelectStmt' in select)) return nothing;
    const { fromClause = [], whereClause, limitCount } = select.SelectStmt;
    if (whereClause || limitCount) return nothing;
    return fromClause.flatMap((from) =>
      'RangeVar' in from ? all(relationName(from.RangeVar), 'copied', world) : nothing,
    );
  },
};
