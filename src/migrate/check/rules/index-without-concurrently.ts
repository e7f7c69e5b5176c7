import { relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const indexWithoutConcurrently: Rule = {
  id: 'index-without-concurrently',
  level: 'warning',
  condition: 'An index is built without CONCURRENTLY on a table that has rows',
  effect: 'Nobody inserts, updates or deletes in the table until the index is built.',
  cure: 'create index concurrently, in a migration of its own; the engine runs it without a transaction, waits without a timeout, and clears away what a failed build leaves.',
  covers: ['require-concurrent-index-creation'],
  examples: {
    bad: `create index posts_title_idx on app.posts (title);`,
    good: [
      `create index concurrently posts_title_idx on app.posts (title);`,
      `create table app.notes (id bigint primary key, body text);
create index notes_body_idx on app.notes (body);`,
    ],
  },
  find: ({ node, world }) => {
    if (!('IndexStmt' in node) || node.IndexStmt.concurrent) return nothing;
    const table = relationName(node.IndexStmt.relation);
    return world.isNew(table)
      ? nothing
      : [{ message: `nobody writes to ${table} while ${node.IndexStmt.idxname ?? 'the index'} is built` }];
  },
};
