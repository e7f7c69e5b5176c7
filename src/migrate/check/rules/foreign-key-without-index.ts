import type { Node } from 'libpg-query';
import { stringOf } from '../../objects/typename.ts';
import { alterations, columnOf, columnsOf, constraintOf, constraintsOf, relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

function foreignKeys(node: Node): readonly {
  readonly table: string;
  readonly columns: readonly string[];
  readonly at: number | undefined;
}[] {
  const { table, actions } = alterations(node);
  const created = 'CreateStmt' in node ? node.CreateStmt : undefined;
  const name = created ? relationName(created.relation) : table;
  const columns = created
    ? columnsOf(created.tableElts)
    : actions.flatMap((action) => (action.subtype === 'AT_AddColumn' ? (columnOf(action) ?? []) : []));
  const constraints = created
    ? (created.tableElts ?? []).flatMap((each) => ('Constraint' in each ? [each.Constraint] : []))
    : actions.flatMap((action) => constraintOf(action) ?? []);
  const ofColumns = columns.flatMap((column) =>
    constraintsOf(column).map((constraint) => ({ constraint, own: [column.colname ?? ''] })),
  );
  return [...ofColumns, ...constraints.map((constraint) => ({ constraint, own: [] }))].flatMap(
    ({ constraint, own }) =>
      constraint.contype === 'CONSTR_FOREIGN'
        ? [
            {
              table: name,
              columns: constraint.fk_attrs ? constraint.fk_attrs.map(stringOf) : own,
              at: constraint.location,
            },
          ]
        : [],
  );
}

export const foreignKeyWithoutIndex: Rule = {
  id: 'foreign-key-without-index',
  level: 'warning',
  condition: 'A foreign key whose columns no index begins with',
  effect: 'Each delete, and each change of the key, of the row it points to reads the whole table.',
  cure: 'Make the index first: concurrently where the table has rows.',
  covers: [],
  examples: {
    bad: `create table app.likes (id bigint primary key, post_id bigint references app.posts (id));`,
    good: [
      `create table app.likes (id bigint primary key, post_id bigint references app.posts (id));
create index likes_post_idx on app.likes (post_id);`,
    ],
  },
  find: ({ node, world, statements, index }) =>
    foreignKeys(node).flatMap(({ table, columns, at }) => {
      const after = world.copy();
      for (const later of statements.slice(index)) after.learn(later.node, true);
      return after.hasIndexOn(table, columns) === false
        ? [{ message: `no index of ${table} begins with ${columns.join(', ')}`, at }]
        : nothing;
    }),
};
