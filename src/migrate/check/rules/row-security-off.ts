import { alterations } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const rowSecurityOff: Rule = {
  id: 'row-security-off',
  level: 'error',
  condition: 'Row security of a table is switched off',
  effect: 'Whoever has a grant on the table reads and writes every row of it from then on.',
  cure: 'Keep it on and write a policy that says who may see which rows.',
  covers: [],
  examples: {
    bad: `alter table app.posts disable row level security;`,
    good: [
      `drop policy readable on app.posts;
create policy readable on app.posts for select to stoa_member using (state = 'open' and score > 0);`,
    ],
  },
  find: ({ node }) => {
    const { table, actions } = alterations(node);
    return actions.flatMap(({ subtype }) =>
      subtype === 'AT_DisableRowSecurity'
        ? [{ message: `the policies of ${table} do not hold any more` }]
        : nothing,
    );
  },
};
