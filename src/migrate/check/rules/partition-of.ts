import { relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const partitionOf: Rule = {
  id: 'partition-of',
  level: 'warning',
  condition: 'A partition is made with CREATE TABLE … PARTITION OF on a table that was there before',
  effect:
    'It takes ACCESS EXCLUSIVE on the parent, and on the DEFAULT partition, which is read from end to end: nobody reads or writes any partition meanwhile.',
  cure: 'create table … (like parent including all), then attach it: the parent is locked SHARE UPDATE EXCLUSIVE only. In this schema ops.ensure_partitions does so, ahead of time.',
  covers: [],
  examples: {
    bad: `create table app.events_2031 partition of app.events for values from ('2031-01-01') to ('2032-01-01');`,
    good: [
      `create table app.events_2031 (like app.events including all);
alter table app.events attach partition app.events_2031 for values from ('2031-01-01') to ('2032-01-01');`,
    ],
  },
  find: ({ node, world }) => {
    if (!('CreateStmt' in node) || !node.CreateStmt.partbound || node.CreateStmt.partbound.is_default)
      return nothing;
    const [parent] = node.CreateStmt.inhRelations ?? [];
    const name = parent && 'RangeVar' in parent ? relationName(parent.RangeVar) : '';
    return world.isNew(name) ? nothing : [{ message: `nobody reads or writes ${name} at that moment` }];
  },
};
