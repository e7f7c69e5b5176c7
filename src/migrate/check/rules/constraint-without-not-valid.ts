import type { ColumnDef } from 'libpg-query';
import { alterations, columnOf, constraintOf, constraintsOf, isTableLike, relationName } from '../ast.ts';
import type { Found } from '../rule.ts';
import { nothing, type Rule } from '../rule.ts';

/** PostgreSQL reads the rows for a check of a new column, and for a foreign key only when the column has a default. */
function checkOfColumn(table: string, column: ColumnDef | undefined): readonly Found[] {
  const constraints = column ? constraintsOf(column) : [];
  const hasDefault = constraints.some(({ contype }) => contype === 'CONSTR_DEFAULT');
  return constraints.flatMap(({ contype, location }) =>
    contype === 'CONSTR_CHECK' || (contype === 'CONSTR_FOREIGN' && hasDefault)
      ? [{ message: `nobody reads or writes ${table} while its rows are checked`, at: location }]
      : nothing,
  );
}

export const constraintWithoutNotValid: Rule = {
  id: 'constraint-without-not-valid',
  level: 'warning',
  condition:
    'A check or a foreign key is added to a table that has rows, and all of them are checked at once',
  effect:
    'A check reads the whole table under ACCESS EXCLUSIVE; a foreign key reads both tables while nobody may write to either.',
  cure: 'Add it NOT VALID: new rows are held to it from that moment. In a later file VALIDATE CONSTRAINT reads the old ones and blocks nobody.',
  covers: ['constraint-missing-not-valid', 'adding-foreign-key-constraint'],
  examples: {
    bad: `alter table app.posts add constraint score_range check (score >= 0);`,
    good: [
      `alter table app.posts add constraint score_range check (score >= 0) not valid;`,
      `alter table app.posts validate constraint score_range;`,
    ],
  },
  find: ({ node, world }) => {
    const { table, actions } = alterations(node);
    if (!isTableLike(node) || world.isNew(table)) return nothing;
    return actions.flatMap((action) => {
      if (action.subtype === 'AT_AddColumn') return checkOfColumn(table, columnOf(action));
      const constraint = action.subtype === 'AT_AddConstraint' ? constraintOf(action) : undefined;
      if (constraint?.skip_validation) return nothing;
      if (constraint?.contype === 'CONSTR_CHECK') {
        return [
          { message: `nobody reads or writes ${table} while its rows are checked`, at: constraint.location },
        ];
      }
      if (constraint?.contype !== 'CONSTR_FOREIGN') return nothing;
      const target = relationName(constraint.pktable);
      return [
        {
          message: `nobody writes to ${table} or ${target} while the rows are compared`,
          at: constraint.location,
        },
      ];
    });
  },
};
