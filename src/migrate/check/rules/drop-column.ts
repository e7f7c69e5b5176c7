import { alterations, isTableLike } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const dropColumn: Rule = {
  id: 'drop-column',
  level: 'error',
  condition: 'A column of a table that was there before is dropped',
  effect:
    'Its content is gone, and whoever still names it fails: clients of the API, functions, a server that runs the old version during the deployment.',
  cure: 'Stop using it first, in a release of its own. Drop it in a later one, with a suppression that says since when nobody reads it.',
  covers: ['ban-drop-column'],
  examples: {
    bad: `alter table app.posts drop column body;`,
    good: [`comment on column app.posts.body is 'Not written any more.';`],
  },
  find: ({ node, world }) => {
    const { table, actions } = alterations(node);
    if (!isTableLike(node) || world.isNew(table)) return nothing;
    return actions.flatMap(({ subtype, name }) =>
      subtype === 'AT_DropColumn' ? [{ message: `${table}.${name} and what is in it is gone` }] : nothing,
    );
  },
};
