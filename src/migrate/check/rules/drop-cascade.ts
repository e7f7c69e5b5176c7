import { droppedNames } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const dropCascade: Rule = {
  id: 'drop-cascade',
  level: 'error',
  condition: 'Something is dropped together with whatever depends on it',
  effect:
    'What goes is decided by the catalog of the database on which it runs, not by the file: a view, a policy, a column, a foreign key that somebody added since. Nobody reviewed that list.',
  cure: 'Drop what depends on it by name, above it in the file; then a dependency that nobody thought of stops the migration.',
  covers: [],
  examples: {
    bad: `drop type app.e cascade;`,
    good: [
      `create view app.draft with (security_invoker = true) as select id from app.posts;
drop view app.draft;`,
    ],
  },
  find: ({ node, world }) => {
    if (!('DropStmt' in node) || node.DropStmt.behavior !== 'DROP_CASCADE') return nothing;
    const names = droppedNames(node.DropStmt.objects);
    return names.every((name) => world.isNew(name))
      ? nothing
      : [{ message: `whatever depends on ${names.join(', ')} goes with it` }];
  },
};
