import { alterations, relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const attachPartition: Rule = {
  id: 'attach-partition',
  level: 'warning',
  condition: 'A table that was there before is attached as a partition',
  effect:
    'It is read from end to end under ACCESS EXCLUSIVE unless a check proves that its rows are in bounds; and so is the DEFAULT partition, which the statement does not name.',
  cure: 'Give it a check of exactly the bounds first (NOT VALID, then VALIDATE), attach it, drop the check; say so in a suppression. A table that is new in the same release is empty and needs nothing.',
  covers: [],
  examples: {
    bad: `alter table app.pt attach partition app.np for values in (3);`,
    good: [
      `create table app.events_2032 (like app.events including all);
alter table app.events attach partition app.events_2032 for values from ('2032-01-01') to ('2033-01-01');`,
    ],
  },
  find: ({ node, world }) => {
    const { table, actions } = alterations(node);
    return actions.flatMap(({ subtype, def }) => {
      if (subtype !== 'AT_AttachPartition' || !def || !('PartitionCmd' in def)) return nothing;
      const child = relationName(def.PartitionCmd.name);
      return world.isNew(child)
        ? nothing
        : [
            {
              message: `the rows of ${child}, and of the DEFAULT partition of ${table} if there is one, are read under a lock`,
            },
          ];
    });
  },
};
