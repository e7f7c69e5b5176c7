import type { Node } from 'libpg-query';
import { droppedNames, parts, relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

const kinds = new Map<string, string>([
  ['OBJECT_TABLE', 'table'],
  ['OBJECT_FOREIGN_TABLE', 'foreign table'],
  ['OBJECT_VIEW', 'view'],
  ['OBJECT_MATVIEW', 'materialized view'],
  ['OBJECT_FUNCTION', 'function'],
  ['OBJECT_PROCEDURE', 'procedure'],
  ['OBJECT_ROUTINE', 'routine'],
  ['OBJECT_AGGREGATE', 'aggregate'],
  ['OBJECT_TYPE', 'type'],
  ['OBJECT_DOMAIN', 'domain'],
  ['OBJECT_SCHEMA', 'schema'],
  ['OBJECT_SEQUENCE', 'sequence'],
  ['OBJECT_EXTENSION', 'extension'],
]);

function madeBy(node: Node): string | undefined {
  if ('CreateFunctionStmt' in node) return parts(node.CreateFunctionStmt.funcname);
  if ('ViewStmt' in node) return relationName(node.ViewStmt.view);
  if ('CreateTableAsStmt' in node) return relationName(node.CreateTableAsStmt.into?.rel);
  return undefined;
}

export const dropObject: Rule = {
  id: 'drop-object',
  level: 'error',
  condition: 'A table, view, function, type or schema that was there before is dropped',
  effect:
    'What is in it is gone, and whoever still names it fails. A table locks the tables that its foreign keys point to, and a partition its parent, ACCESS EXCLUSIVE as well.',
  cure: 'Stop using it first, in a release of its own; drop it in a later one, with a suppression that says since when nobody uses it. A function that is made again in the same file counts as replaced.',
  covers: ['ban-drop-table', 'ban-drop-database'],
  examples: {
    bad: `drop table app.chk;`,
    good: [`comment on table app.chk is 'Not used any more.';`],
  },
  find: ({ node, world, statements, index }) => {
    if (!('DropStmt' in node)) return nothing;
    const { removeType = 'OBJECT_TABLE', objects } = node.DropStmt;
    const kind = kinds.get(removeType);
    if (kind === undefined) return nothing;
    const isMadeAgain = (name: string): boolean =>
      statements.slice(index + 1).some(({ node: later }) => madeBy(later) === name);
    return droppedNames(objects).flatMap((name) =>
      world.isNew(name) ||
      world.isNew(`function ${name}`) ||
      world.isNew(`schema ${name}`) ||
      isMadeAgain(name)
        ? nothing
        : [{ message: `the ${kind} ${name} is gone` }],
    );
  },
};
