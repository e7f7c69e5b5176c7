import { alterations, columnOf, constraintsOf, isTableLike } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';
import { isSerial } from '../volatile.ts';

export const notNullWithoutDefault: Rule = {
  id: 'not-null-without-default',
  level: 'error',
  condition: 'A column that must not be null, without a default, is added to a table that has rows',
  effect:
    'PostgreSQL refuses it as soon as there is one row: the migration that passed on an empty database fails in production. On the way it has taken ACCESS EXCLUSIVE, and everybody waited.',
  cure: 'Give it a constant default, which costs nothing; or add it without NOT NULL, fill it in batches, and prove it by a check that is validated without stopping anybody.',
  covers: ['adding-required-field', 'adding-not-nullable-field'],
  examples: {
    bad: `alter table app.posts add column language text not null;`,
    good: [
      `alter table app.posts add column language text not null default 'en';`,
      `alter table app.posts add column dialect text;`,
    ],
  },
  find: ({ node, world }) => {
    const { table, actions } = alterations(node);
    if (!isTableLike(node) || world.isNew(table)) return nothing;
    return actions.flatMap((action) => {
      const column = action.subtype === 'AT_AddColumn' ? columnOf(action) : undefined;
      if (!column) return nothing;
      const kinds = constraintsOf(column).map(({ contype }) => contype);
      const isRequired = kinds.includes('CONSTR_NOTNULL') || kinds.includes('CONSTR_PRIMARY');
      const isFilled = ['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED'].some((kind) =>
        kinds.some((each) => each === kind),
      );
      if (!isRequired || isFilled || isSerial(column)) return nothing;
      return [
        {
          message: `${table} would need a value of ${column.colname} for each row that it has, and there is none`,
          at: column.location,
        },
      ];
    });
  },
};
