import { alterations, isTableLike } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const setNotNull: Rule = {
  id: 'set-not-null',
  level: 'warning',
  condition: 'NOT NULL is set on a column of a table that has rows, and no validated check proves it',
  effect: 'The whole table is read under ACCESS EXCLUSIVE: nobody reads or writes it until that is done.',
  cure: 'First a check "is not null" NOT VALID, in a later file its VALIDATE, which blocks nobody; then SET NOT NULL trusts it and is instant, and the check can go.',
  covers: ['adding-not-nullable-field'],
  examples: {
    bad: `alter table app.posts alter column title set not null;`,
    good: [
      `alter table app.posts add constraint posts_title_set check (title is not null) not valid;`,
      `alter table app.posts validate constraint posts_title_set;`,
      `alter table app.posts alter column title set not null;`,
    ],
  },
  find: ({ node, world }) => {
    const { table, actions } = alterations(node);
    if (!isTableLike(node) || world.isNew(table)) return nothing;
    return actions.flatMap(({ subtype, name = '' }) =>
      subtype === 'AT_SetNotNull' && !world.isProvenNotNull(table, name)
        ? [
            {
              message: `${table} is read from end to end, while nobody may read or write it, to see that ${name} is never null`,
            },
          ]
        : nothing,
    );
  },
};
