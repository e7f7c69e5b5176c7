import { relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const refreshWithoutConcurrently: Rule = {
  id: 'refresh-without-concurrently',
  level: 'warning',
  condition: 'A materialized view is refreshed without CONCURRENTLY',
  effect: 'Nobody reads the view until it is computed anew.',
  cure: 'refresh materialized view concurrently, for which it needs a unique index; better in a job than in a migration.',
  covers: [],
  examples: {
    bad: `refresh materialized view app.top_posts;`,
    good: [`refresh materialized view concurrently app.top_posts;`],
  },
  find: ({ node, world }) => {
    if (!('RefreshMatViewStmt' in node) || node.RefreshMatViewStmt.concurrent) return nothing;
    const view = relationName(node.RefreshMatViewStmt.relation);
    return world.isNew(view) ? nothing : [{ message: `nobody reads ${view} meanwhile` }];
  },
};
