import { type Advisor, functionBody } from './advisor.ts';

export const errorReasonNeverRaised: Advisor = {
  name: 'error_reason_never_raised',
  level: 'warning',
  title: 'A registered error that nothing raises',
  why: 'It is a promise to clients that is not kept: either a check is missing, or the row is left over.',
  query: `
    -- Every body is read once: taking out comments is what costs.
    with named as materialized (
      select distinct found[1] as reason
      from pg_catalog.pg_proc as f
      cross join regexp_matches(${functionBody}, '''([a-z0-9_.]+)''', 'g') as found
      where f.pronamespace::regnamespace::text = any ($1)
        and f.prokind in ('f', 'p')
    )
    select
      format('core.error_codes: %s', e.reason) as object,
      'No function names this reason: raise it, or let it go.' as detail,
      format('delete from core.error_codes where reason = %L;', e.reason) as remediation
    from core.error_codes as e
    -- A reason belongs to the module whose function would raise it; all are looked at together.
    where not exists (select from named where named.reason = e.reason)`,
  examples: {
    bad: `insert into core.error_codes (reason, sqlstate, message, cure)
values ('scratch.refused', 'ST403', 'This is refused.', 'Ask somebody else.');`,
    good: `insert into core.error_codes (reason, sqlstate, message, cure)
values ('scratch.refused', 'ST403', 'This is refused.', 'Ask somebody else.');
create function scratch.refuse() returns void language plpgsql as $$
begin
  perform core.fail('scratch.refused');
end $$;`,
  },
};
