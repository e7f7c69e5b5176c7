import { alterations, relationName } from '../ast.ts';
import type { Found } from '../rule.ts';
import { nothing, type Rule } from '../rule.ts';

const copying = new Set<string>(['AT_SetLogged', 'AT_SetUnLogged', 'AT_SetTableSpace', 'AT_SetAccessMethod']);

export const rewritesTable: Rule = {
  id: 'rewrites-table',
  level: 'warning',
  condition:
    'A table is written anew as a whole: CLUSTER, VACUUM FULL, SET LOGGED, SET TABLESPACE, SET ACCESS METHOD',
  effect:
    'It is copied under ACCESS EXCLUSIVE, which takes as long as the table is large and twice its room on the disk.',
  cure: 'Leave the order of rows and the room to autovacuum. Where it must be, make a new table, fill it in batches, and switch; or do it in a window in which nobody is there, with a suppression that says so.',
  covers: [],
  examples: {
    bad: `create index concurrently t_a_idx on app.t (a);
cluster app.t using t_a_idx;`,
    good: [`alter table app.t set (fillfactor = 80);`],
  },
  find: ({ node, world }) => {
    const tell = (table: string): readonly Found[] =>
      world.isNew(table)
        ? nothing
        : [
            {
              message: `${table === '' ? 'every table' : table} is copied as a whole while nobody may read or write it`,
            },
          ];
    if ('ClusterStmt' in node) return tell(relationName(node.ClusterStmt.relation));
    if ('VacuumStmt' in node) {
      const { rels = [], options = [] } = node.VacuumStmt;
      if (!options.some((each) => 'DefElem' in each && each.DefElem.defname === 'full')) return nothing;
      return rels.flatMap((each) =>
        'VacuumRelation' in each ? tell(relationName(each.VacuumRelation.relation)) : nothing,
      );
    }
    const { table, actions } = alterations(node);
    return actions.some(({ subtype }) => subtype !== undefined && copying.has(subtype))
      ? tell(table)
      : nothing;
  },
};
