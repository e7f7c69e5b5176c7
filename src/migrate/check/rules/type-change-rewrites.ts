import { nothing, type Rule } from '../rule.ts';
import { typeChanges } from '../type-change.ts';

export const typeChangeRewrites: Rule = {
  id: 'type-change-rewrites',
  level: 'warning',
  condition: 'The type of a column changes to a wider one that is stored otherwise',
  effect:
    'Every row is written anew under ACCESS EXCLUSIVE, and so is every index of the table; clients that know the old type may not take the new one.',
  cure: 'Add a column of the new type, have both written, fill it in batches, switch the readers, drop the old one. varchar to text, or to a longer varchar, needs none of this.',
  covers: ['changing-column-type'],
  examples: {
    bad: `create table app.tallies (id bigint primary key, n integer);
alter table app.posts alter column score type bigint;`,
    good: [
      `alter table app.posts add column score_wide bigint;`,
      `alter table app.users alter column email type text;`,
    ],
  },
  find: ({ node, world }) =>
    typeChanges(node, world).flatMap(({ table, column, from, to, verdict, at }) =>
      verdict === 'rewrites'
        ? [{ message: `${table} is written anew: ${column} from ${from} to ${to}`, at }]
        : nothing,
    ),
};
