import { alterations } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const detachWithoutConcurrently: Rule = {
  id: 'detach-without-concurrently',
  level: 'warning',
  condition: 'A partition is detached without CONCURRENTLY',
  effect: 'It takes ACCESS EXCLUSIVE on the parent: everybody who uses any partition waits.',
  cure: 'detach partition … concurrently, in a migration of its own.',
  covers: ['require-concurrent-partition-detach'],
  examples: {
    bad: `alter table app.events detach partition app.events_2030;`,
    good: [`alter table app.events detach partition app.events_2030 concurrently;`],
  },
  find: ({ node, world }) => {
    const { table, actions } = alterations(node);
    return actions.flatMap(({ subtype, def }) =>
      subtype === 'AT_DetachPartition' &&
      def &&
      'PartitionCmd' in def &&
      !def.PartitionCmd.concurrent &&
      !world.isNew(table)
        ? [{ message: `nobody reads or writes ${table} at that moment` }]
        : nothing,
    );
  },
};
