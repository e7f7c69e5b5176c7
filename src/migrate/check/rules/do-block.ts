import { nothing, type Rule } from '../rule.ts';

export const doBlock: Rule = {
  id: 'do-block',
  level: 'warning',
  condition: 'A DO block: what it does is decided when it runs',
  effect:
    "No check reads what is inside, the locks it takes are nobody's guess, and two databases may end up with two schemas.",
  cure: 'Write the statements out. Where it must be, look at what "stoa migrate plan" measures, and say in a suppression why.',
  covers: [],
  examples: {
    bad: `do $$ begin alter table app.posts alter column title set not null; end $$;`,
    good: [`alter table app.posts add constraint posts_title_set check (title is not null) not valid;`],
  },
  find: ({ node }) => ('DoStmt' in node ? [{ message: 'only running it shows what it does' }] : nothing),
};
