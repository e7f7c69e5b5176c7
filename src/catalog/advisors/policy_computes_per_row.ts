import type { Advisor } from './advisor.ts';

/** The expression with every bare call in a select of its own. */
const wrapped = (expression: string): string => `regexp_replace(
          pg_catalog.pg_get_expr(${expression}, p.polrelid),
          '(?<!SELECT )\\m([a-z_]+\\.[a-z_0-9]+\\(\\))', '(select \\1)', 'g'
        )`;

export const policyComputesPerRow: Advisor = {
  name: 'policy_computes_per_row',
  level: 'error',
  title: 'A policy that computes the same value for every row',
  why: 'A stable function without arguments, such as core.current_user_id(), gives one value a statement; written bare in a policy it is called once a row. As (select core.current_user_id()) the planner computes it once and may use it as an index condition.',
  query: `
    select
      format('%s: %I', p.polrelid::regclass, p.polname) as object,
      format('It calls %s bare.', string_agg(distinct call.name, ', ')) as detail,
      format('alter policy %I on %s%s%s;', p.polname, p.polrelid::regclass,
        ' using (' || ${wrapped('p.polqual')} || ')',
        ' with check (' || ${wrapped('p.polwithcheck')} || ')') as remediation
    from pg_catalog.pg_policy as p
    join pg_catalog.pg_class as c on c.oid = p.polrelid
    cross join lateral (
      select coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') || ' '
        || coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '') as text
    ) as expression
    cross join lateral (
      select bare[1] as name
      from regexp_matches(
        regexp_replace(expression.text, 'SELECT [a-z_]+\\.[a-z_0-9]+\\(\\)', '', 'g'),
        '([a-z_]+\\.[a-z_0-9]+\\(\\))', 'g'
      ) as bare
    ) as call
    where c.relnamespace::regnamespace::text = any ($1)
    group by p.oid, p.polrelid, p.polname, p.polqual, p.polwithcheck`,
  examples: {
    bad: `create table scratch.notes (author_id uuid);
create policy own on scratch.notes for select to stoa_member
  using (author_id = core.current_user_id());`,
    good: `create table scratch.notes (author_id uuid);
create policy own on scratch.notes for select to stoa_member
  using (author_id = (select core.current_user_id()));`,
  },
};
