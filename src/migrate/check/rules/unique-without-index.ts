import { alterations, columnOf, constraintOf, constraintsOf, isTableLike } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const uniqueWithoutIndex: Rule = {
  id: 'unique-without-index',
  level: 'warning',
  condition:
    'A unique constraint or a primary key is added to a table that has rows, and its index is built on the spot',
  effect:
    'The index is built under ACCESS EXCLUSIVE: nobody reads or writes the table until that is done. A duplicate ends it after all the waiting.',
  cure: 'create unique index concurrently in one file; alter table … add constraint … using index in the next.',
  covers: ['disallowed-unique-constraint', 'constraint-missing-not-valid'],
  examples: {
    bad: `alter table app.users add constraint users_email_key unique (email);`,
    good: [
      `create unique index concurrently users_email_key on app.users (email);`,
      `alter table app.users add constraint users_email_key unique using index users_email_key;`,
    ],
  },
  find: ({ node, world }) => {
    const { table, actions } = alterations(node);
    if (!isTableLike(node) || world.isNew(table)) return nothing;
    return actions.flatMap((action) => {
      const added =
        action.subtype === 'AT_AddConstraint'
          ? [constraintOf(action)]
          : action.subtype === 'AT_AddColumn'
            ? constraintsOf(columnOf(action) ?? {})
            : [];
      return added.flatMap((constraint) => {
        const { contype, indexname, location } = constraint ?? {};
        if ((contype !== 'CONSTR_UNIQUE' && contype !== 'CONSTR_PRIMARY') || indexname !== undefined)
          return nothing;
        return [{ message: `nobody reads or writes ${table} while the index is built`, at: location }];
      });
    });
  },
};
