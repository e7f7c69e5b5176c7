import { runsInTransaction } from '../../traits.ts';
import { nothing, type Rule } from '../rule.ts';

export const concurrentlyMixed: Rule = {
  id: 'concurrently-mixed',
  level: 'warning',
  condition: 'A concurrent statement stands in one file with statements that others wait for',
  effect:
    'The file runs statement by statement then, so it is not undone as a whole when the concurrent one fails halfway.',
  cure: 'Put the concurrent statement into a file of its own, together with its comment at most.',
  covers: [],
  examples: {
    bad: `alter table app.posts add column language text;
create index concurrently posts_language_idx on app.posts (language);`,
    good: [
      `alter table app.posts add column language text;`,
      `create index concurrently posts_score_idx on app.posts (score);
comment on index app.posts_score_idx is 'Posts by score.';`,
    ],
  },
  find: ({ node, statements }) => {
    if (runsInTransaction(node)) return nothing;
    const others = statements.filter((each) => runsInTransaction(each.node) && !('CommentStmt' in each.node));
    return others.length === 0
      ? nothing
      : [{ message: `${others.length} other statements of the file stay done when this one fails` }];
  },
};
