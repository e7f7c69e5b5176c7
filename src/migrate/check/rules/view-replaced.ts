import { relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const viewReplaced: Rule = {
  id: 'view-replaced',
  level: 'note',
  condition: 'A view that was there before is replaced',
  effect: 'It takes ACCESS EXCLUSIVE on the view: its readers wait for a moment.',
  cure: 'Nothing, where no long query reads it.',
  covers: [],
  examples: {
    bad: `create or replace view app.titles as select id, title, score from app.posts;`,
    good: [`create view app.bodies with (security_invoker = true) as select id, body from app.posts;`],
  },
  find: ({ node, world }) =>
    'ViewStmt' in node &&
    node.ViewStmt.replace &&
    world.isKnownView(relationName(node.ViewStmt.view)) &&
    !world.isNew(relationName(node.ViewStmt.view))
      ? [{ message: `readers of ${relationName(node.ViewStmt.view)} wait for a moment` }]
      : nothing,
};
