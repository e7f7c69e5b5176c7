import { relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const ruleOnTable: Rule = {
  id: 'rule-on-table',
  level: 'warning',
  condition: 'A rewrite rule is made',
  effect:
    'It rewrites queries before they run, in ways that surprise: RETURNING, counts of rows and volatile functions behave otherwise than written.',
  cure: 'Use a trigger.',
  covers: [],
  examples: {
    bad: `create rule keep as on delete to app.posts do instead nothing;`,
    good: [`create trigger keep before insert on app.posts for each row execute function app.tf();`],
  },
  find: ({ node }) =>
    'RuleStmt' in node
      ? [{ message: `queries on ${relationName(node.RuleStmt.relation)} mean something else from then on` }]
      : nothing,
};
