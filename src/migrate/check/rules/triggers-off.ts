import { alterations } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const triggersOff: Rule = {
  id: 'triggers-off',
  level: 'error',
  condition: 'Triggers are switched off',
  effect:
    'Counters, history and foreign keys are not kept while they are; what is written meanwhile is wrong for good, and nothing says which rows.',
  cure: 'Write rows as everybody does, in batches. Where a trigger is in the way of a repair, change the trigger.',
  covers: [],
  examples: {
    bad: `alter table app.posts disable trigger user;`,
    good: [`update app.posts set state = 'open' where id = 7;`],
  },
  find: ({ node }) => {
    if ('VariableSetStmt' in node && node.VariableSetStmt.name === 'session_replication_role') {
      return [{ message: 'no trigger and no foreign key holds for the rest of the transaction' }];
    }
    const { table, actions } = alterations(node);
    return actions.flatMap(({ subtype }) =>
      subtype?.startsWith('AT_DisableTrig')
        ? [{ message: `triggers of ${table} do not run any more` }]
        : nothing,
    );
  },
};
