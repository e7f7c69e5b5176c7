import { type Advisor, functionBody } from './advisor.ts';

export const errorReasonNotRegistered: Advisor = {
  name: 'error_reason_not_registered',
  level: 'error',
  title: 'A function that raises an error nobody registered',
  why: 'Clients would see INTERNAL instead of a reason and a cure: the message, the SQLSTATE and the page docs/errors.md come from core.error_codes.',
  query: `
    select distinct
      f.oid::regprocedure::text as object,
      format('It raises %L, which core.error_codes does not know.', raised.reason) as detail,
      format('insert into core.error_codes (reason, sqlstate, message, cure) values (%L, ''<sqlstate>'', ''<text>'', ''<text>'');', raised.reason) as remediation
    from pg_catalog.pg_proc as f
    cross join lateral (
      select found[1] as reason
      from regexp_matches(${functionBody}, 'core\\.fail\\(\\s*''([^'']+)''', 'g') as found
    ) as raised
    where f.pronamespace::regnamespace::text = any ($1)
      and f.prokind in ('f', 'p')
      and not exists (select from core.error_codes as e where e.reason = raised.reason)`,
  examples: {
    bad: `create function scratch.refuse() returns void language plpgsql as $$
begin
  perform core.fail('scratch.refused');
end $$;`,
    good: `insert into core.error_codes (reason, sqlstate, message, cure)
values ('scratch.refused', 'ST403', 'This is refused.', 'Ask somebody else.');
create function scratch.refuse() returns void language plpgsql as $$
begin
  perform core.fail('scratch.refused'); -- not core.fail('scratch.other')
end $$;`,
  },
};
