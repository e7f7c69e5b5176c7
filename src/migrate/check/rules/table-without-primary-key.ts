import { alterations, columnsOf, constraintOf, constraintsOf, relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const tableWithoutPrimaryKey: Rule = {
  id: 'table-without-primary-key',
  level: 'warning',
  condition: 'A table is made without a primary key',
  effect:
    'Its rows cannot be told apart: nothing can point to one, the API cannot name one, and logical replication cannot change one.',
  cure: 'Give it one.',
  covers: [],
  examples: {
    bad: `create table app.notes (body text);`,
    good: [`create table app.notes (id bigint primary key, body text);`],
  },
  find: ({ node, statements, index }) => {
    if (!('CreateStmt' in node)) return nothing;
    const { relation, tableElts = [], inhRelations = [] } = node.CreateStmt;
    const name = relationName(relation);
    // A partition has its parent's, and LIKE may bring one.
    const isLike = tableElts.some((each) => 'TableLikeClause' in each);
    if (inhRelations.length > 0 || isLike || relation?.relpersistence === 't') return nothing;
    const constraints = [
      ...columnsOf(tableElts).flatMap(constraintsOf),
      ...tableElts.flatMap((each) => ('Constraint' in each ? [each.Constraint] : [])),
      ...statements.slice(index + 1).flatMap((later) => {
        const { table, actions } = alterations(later.node);
        return table === name ? actions.flatMap((action) => constraintOf(action) ?? []) : [];
      }),
    ];
    return constraints.some(({ contype }) => contype === 'CONSTR_PRIMARY')
      ? nothing
      : [{ message: `nothing tells the rows of ${name} apart` }];
  },
};
