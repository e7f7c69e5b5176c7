import { alterations, constraintOf, isTableLike } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const exclusionConstraint: Rule = {
  id: 'exclusion-constraint',
  level: 'warning',
  condition: 'An exclusion constraint is added to a table that has rows',
  effect:
    'Its index is built under ACCESS EXCLUSIVE, and there is no concurrent way: nobody reads or writes the table until it is done.',
  cure: 'Add it while the table is new or small. Else make a new table with it, fill that in batches, and switch.',
  covers: ['constraint-missing-not-valid'],
  examples: {
    bad: `alter table app.t add constraint t_apart exclude using gist (r with &&);`,
    good: [`create table app.slots (id bigint primary key, r int4range, exclude using gist (r with &&));`],
  },
  find: ({ node, world }) => {
    const { table, actions } = alterations(node);
    if (!isTableLike(node) || world.isNew(table)) return nothing;
    return actions.flatMap((action) => {
      const constraint = constraintOf(action);
      return constraint?.contype === 'CONSTR_EXCLUSION'
        ? [{ message: `nobody reads or writes ${table} while the index is built`, at: constraint.location }]
        : nothing;
    });
  },
};
