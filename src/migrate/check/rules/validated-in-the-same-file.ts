import { addedConstraints, alterations } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const validatedInTheSameFile: Rule = {
  id: 'validated-in-the-same-file',
  level: 'warning',
  condition: 'A constraint is validated in the transaction that added it',
  effect:
    'The strong lock of the first statement is held until the end of the file, so the reading of all rows happens under it after all.',
  cure: 'Put VALIDATE CONSTRAINT into the next file.',
  covers: ['constraint-missing-not-valid'],
  examples: {
    bad: `alter table app.posts add constraint score_range check (score >= 0) not valid;
alter table app.posts validate constraint score_range;`,
    good: [
      `alter table app.posts add constraint score_range check (score >= 0) not valid;`,
      `alter table app.posts validate constraint score_range;`,
    ],
  },
  find: ({ node, world, statements, index, isTransactional }) => {
    const { table, actions } = alterations(node);
    if (!isTransactional || world.isNew(table)) return nothing;
    const addedAbove = addedConstraints(statements.slice(0, index + 1), table);
    return actions.flatMap(({ subtype, name = '' }) =>
      subtype === 'AT_ValidateConstraint' && addedAbove.has(name)
        ? [{ message: `${table} stays locked while its rows are checked against ${name}` }]
        : nothing,
    );
  },
};
