import { alterations } from '../ast.ts';
import { predictedLocks } from '../locks.ts';
import { nothing, type Rule } from '../rule.ts';

export const foreignKeyLocksTarget: Rule = {
  id: 'foreign-key-locks-target',
  level: 'note',
  condition: 'A new foreign key points to a table that was there before',
  effect:
    'For a moment nobody writes to the table it points to, even when the one it belongs to is new and empty: SHARE ROW EXCLUSIVE on both.',
  cure: 'Nothing, where the target is not in a long transaction. Else make the table first and add the foreign key in a file of its own.',
  covers: [],
  examples: {
    bad: `create table app.likes (id bigint primary key, post_id bigint references app.posts (id));
create index likes_post_idx on app.likes (post_id);`,
    good: [
      `create table app.boards (id bigint primary key);
create table app.pins (id bigint primary key, board_id bigint references app.boards (id));
create index pins_board_idx on app.pins (board_id);`,
    ],
  },
  find: ({ node, world }) => {
    const targets = predictedLocks(node, world).filter(({ mode }) => mode === 'ShareRowExclusive');
    const own = 'AlterTableStmt' in node ? alterations(node).table : '';
    if (!('CreateStmt' in node || 'AlterTableStmt' in node)) return nothing;
    return targets
      .filter(({ relation }) => relation !== own)
      .map(({ relation }) => ({ message: `writers of ${relation} wait for a moment` }));
  },
};
