import { alterations, relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const defaultPartition: Rule = {
  id: 'default-partition',
  level: 'error',
  condition: 'A DEFAULT partition is made',
  effect:
    'Every partition that is added later reads it from end to end under ACCESS EXCLUSIVE, and an ordered read that stops early becomes a merge over all partitions.',
  cure: 'Make partitions ahead, and let running out of them be an alarm.',
  covers: [],
  examples: {
    bad: `create table app.events_rest partition of app.events default;`,
    good: [
      `create table app.events_2031 (like app.events including all);
alter table app.events attach partition app.events_2031 for values from ('2031-01-01') to ('2032-01-01');`,
    ],
  },
  find: ({ node }) => {
    if ('CreateStmt' in node && node.CreateStmt.partbound?.is_default) {
      return [{ message: `${relationName(node.CreateStmt.relation)} takes what no partition takes` }];
    }
    return alterations(node).actions.flatMap(({ def }) =>
      def && 'PartitionCmd' in def && def.PartitionCmd.bound?.is_default
        ? [{ message: `${relationName(def.PartitionCmd.name)} takes what no partition takes` }]
        : nothing,
    );
  },
};
