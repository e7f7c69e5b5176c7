import { nothing, type Rule } from '../rule.ts';
import { typeChanges } from '../type-change.ts';

export const lossyTypeChange: Rule = {
  id: 'lossy-type-change',
  level: 'error',
  condition: 'The type of a column changes to one that does not hold every old value',
  effect:
    'Values that do not fit make the migration fail, or are rounded and cut without a word; and the table is written anew under ACCESS EXCLUSIVE.',
  cure: 'Add a column of the new type, have both written, fill it in batches with a conversion that says what becomes of each value, switch the readers, drop the old one.',
  covers: ['changing-column-type'],
  examples: {
    bad: `alter table app.posts alter column score type smallint;`,
    good: [`alter table app.posts add column points smallint;`],
  },
  find: ({ node, world }) =>
    typeChanges(node, world).flatMap(({ table, column, from, to, verdict, at }) =>
      verdict === 'loses'
        ? [
            {
              message: `${table}.${column} becomes ${to}${from === undefined ? ', and no file says what it was' : `, which does not hold every ${from}`}`,
              at,
            },
          ]
        : nothing,
    ),
};
