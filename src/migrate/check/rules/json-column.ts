import { alterations, columnOf, columnsOf, columnType, relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const jsonColumn: Rule = {
  id: 'json-column',
  level: 'warning',
  condition: 'A column of type json is added',
  effect:
    'json has no equality: select distinct, group by and union over rows of the table fail from then on.',
  cure: 'Use jsonb.',
  covers: [],
  examples: {
    bad: `alter table app.posts add column extra json;`,
    good: [`alter table app.posts add column extra jsonb;`],
  },
  find: ({ node }) => {
    const { table, actions } = alterations(node);
    const added =
      'CreateStmt' in node
        ? columnsOf(node.CreateStmt.tableElts).map((column) => ({
            table: relationName(node.CreateStmt.relation),
            column,
          }))
        : actions.flatMap((action) => {
            const column = action.subtype === 'AT_AddColumn' ? columnOf(action) : undefined;
            return column ? [{ table, column }] : [];
          });
    return added.flatMap(({ table: where, column }) =>
      columnType(column.typeName)?.name === 'json'
        ? [{ message: `${where}.${column.colname} cannot be compared`, at: column.location }]
        : nothing,
    );
  },
};
