import { droppedNames, parts, relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

/** Names that no query uses. */
const unseen = new Set<string>([
  'OBJECT_INDEX',
  'OBJECT_TABCONSTRAINT',
  'OBJECT_TRIGGER',
  'OBJECT_POLICY',
  'OBJECT_RULE',
]);

export const rename: Rule = {
  id: 'rename',
  level: 'error',
  condition: 'Something that is in use gets another name',
  effect:
    'Everything that knows the old name fails at the same moment: old servers during the deployment, clients of the API, functions with a body that is text, saved queries.',
  cure: 'Add the new name beside the old one (a column that is kept equal, a view), move the readers, then drop the old one in a later release.',
  covers: ['renaming-column', 'renaming-table'],
  examples: {
    bad: `alter table app.posts rename column body to content;`,
    good: [
      `create view app.articles with (security_invoker = true) as select id, title, body as content from app.posts;`,
    ],
  },
  find: ({ node, world }) => {
    if ('AlterEnumStmt' in node && node.AlterEnumStmt.oldVal !== undefined) {
      return world.isNew(parts(node.AlterEnumStmt.typeName))
        ? nothing
        : [
            {
              message: `the value ${node.AlterEnumStmt.oldVal} of ${parts(node.AlterEnumStmt.typeName)} is called ${node.AlterEnumStmt.newVal} from then on`,
            },
          ];
    }
    if ('AlterObjectSchemaStmt' in node) {
      const { relation, object, newschema } = node.AlterObjectSchemaStmt;
      const name = relation ? relationName(relation) : object ? (droppedNames([object])[0] ?? '') : '';
      return world.isNew(name) ? nothing : [{ message: `${name} moves to the schema ${newschema}` }];
    }
    if (!('RenameStmt' in node)) return nothing;
    const { renameType = 'OBJECT_TABLE', relation, object, subname, newname } = node.RenameStmt;
    if (unseen.has(renameType)) return nothing;
    const whole = relation
      ? relationName(relation)
      : object
        ? (droppedNames([object])[0] ?? '')
        : (subname ?? '');
    if (world.isNew(whole) || world.isNew(`function ${whole}`) || world.isNew(`schema ${whole}`))
      return nothing;
    const what = relation && subname !== undefined ? `${whole}.${subname}` : whole;
    return [{ message: `${what} is called ${newname} from then on` }];
  },
};
