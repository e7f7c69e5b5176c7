import { alterations, constraintOf, isTableLike } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const primaryKeyReadsTheTable: Rule = {
  id: 'primary-key-reads-the-table',
  level: 'warning',
  condition: 'A primary key is put on an index whose columns may be null',
  effect: 'PostgreSQL sets NOT NULL on them first, and reads the whole table under ACCESS EXCLUSIVE for it.',
  cure: 'Prove the columns with a validated check and set NOT NULL first: see set-not-null.',
  covers: [],
  examples: {
    bad: `create unique index concurrently t_key on app.t (a);
alter table app.t add constraint t_pkey primary key using index t_key;`,
    good: [
      `alter table app.t add constraint t_a_set check (a is not null) not valid;`,
      `alter table app.t validate constraint t_a_set;`,
      `alter table app.t alter column a set not null;`,
    ],
  },
  find: ({ node, world }) => {
    const { table, actions } = alterations(node);
    if (!isTableLike(node) || world.isNew(table)) return nothing;
    return actions.flatMap((action) => {
      const { contype, indexname } = constraintOf(action) ?? {};
      if (contype !== 'CONSTR_PRIMARY' || indexname === undefined) return nothing;
      const columns = world.columnsOfIndex(table, indexname);
      return columns?.every((column) => world.isProvenNotNull(table, column))
        ? nothing
        : [{ message: `nothing says that the columns of ${indexname} are never null` }];
    });
  },
};
