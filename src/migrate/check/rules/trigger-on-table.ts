import { droppedNames, relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const triggerOnTable: Rule = {
  id: 'trigger-on-table',
  level: 'note',
  condition: 'A trigger of a table that was there before is made or dropped',
  effect:
    'For a moment nobody writes to the table (CREATE), or nobody reads or writes it (DROP): whoever comes queues behind the longest transaction that uses it. The engine gives up after two seconds and tries again.',
  cure: 'Nothing, on a table that is not in a long transaction. create or replace trigger takes the weaker lock of the two.',
  covers: [],
  examples: {
    bad: `drop trigger if exists touch on app.posts;`,
    good: [
      `create table app.notes (id bigint primary key, body text);
create trigger touch before update on app.notes for each row execute function app.tf();`,
    ],
  },
  find: ({ node, world }) => {
    if ('CreateTrigStmt' in node) {
      const table = relationName(node.CreateTrigStmt.relation);
      return world.isNew(table) ? nothing : [{ message: `writers of ${table} wait for a moment` }];
    }
    if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_TRIGGER') return nothing;
    return droppedNames(node.DropStmt.objects).flatMap((name) => {
      const table = name.replace(/\.[^.]*$/, '');
      return world.isNew(table) ? nothing : [{ message: `everybody who uses ${table} waits for a moment` }];
    });
  },
};
