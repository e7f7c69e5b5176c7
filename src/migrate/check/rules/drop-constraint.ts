import { addedConstraints, alterations, isTableLike } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const dropConstraint: Rule = {
  id: 'drop-constraint',
  level: 'warning',
  condition: 'A constraint of a table that was there before is dropped',
  effect:
    'Rows that it kept out come in from then on. A foreign key locks the table it points to ACCESS EXCLUSIVE too, which the statement does not name.',
  cure: 'Say in a suppression what keeps the rows right instead. Drop a foreign key in a file of its own, so that two tables are locked for a moment only.',
  covers: [],
  examples: {
    bad: `alter table app.o drop constraint o_pkey;`,
    good: [
      `create table app.notes (id bigint primary key, body text constraint body_set check (body <> ''));
alter table app.notes drop constraint body_set;`,
    ],
  },
  find: ({ node, world, statements, index }) => {
    const { table, actions } = alterations(node);
    if (!isTableLike(node) || world.isNew(table)) return nothing;
    return actions.flatMap(({ subtype, name = '' }) => {
      if (subtype !== 'AT_DropConstraint' || world.isNotNullCheck(table, name)) return nothing;
      const target = world.targetOf(table, name);
      // Exchanged for another one of the name: the rows stay held to something.
      if (target === undefined && addedConstraints(statements.slice(index), table).has(name)) return nothing;
      return [
        {
          message: `${table} is not held to ${name} any more${target === undefined ? '' : `, and ${target} is locked as well`}`,
        },
      ];
    });
  },
};
