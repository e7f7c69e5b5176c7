import { alterations, columnOf, isTableLike } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';
import { rewritingReason } from '../volatile.ts';

export const columnRewritesTable: Rule = {
  id: 'column-rewrites-table',
  level: 'warning',
  condition:
    'A column is added whose value differs from row to row: volatile default, serial, identity, stored generated',
  effect: 'Every row is written anew under ACCESS EXCLUSIVE, and so is every index.',
  cure: 'Add the column without it, set the default for rows to come in a second statement, fill the old rows in batches. A constant, now() and current_user are kept once in the catalog and cost nothing.',
  covers: ['adding-field-with-default', 'adding-serial-primary-key-field'],
  examples: {
    bad: `alter table app.posts add column token uuid default gen_random_uuid();`,
    good: [
      `alter table app.posts add column token uuid;
alter table app.posts alter column token set default gen_random_uuid();`,
    ],
  },
  find: ({ node, world }) => {
    const { table, actions } = alterations(node);
    if (!isTableLike(node) || world.isNew(table)) return nothing;
    return actions.flatMap((action) => {
      const column = action.subtype === 'AT_AddColumn' ? columnOf(action) : undefined;
      const reason = column && rewritingReason(column);
      return reason === undefined
        ? nothing
        : [{ message: `${table} is written anew: ${column?.colname} ${reason}`, at: column?.location }];
    });
  },
};
