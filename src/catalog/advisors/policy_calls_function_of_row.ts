import type { Advisor } from './advisor.ts';

export const policyCallsFunctionOfRow: Advisor = {
  name: 'policy_calls_function_of_row',
  level: 'warning',
  title: 'A policy that calls a function with values of the row',
  why: 'It runs once a row and cannot become an index condition: 4,193 ms against 0.45 ms over a million rows. Membership is container_id = any (array(select schema.my_container_ids())).',
  query: `
    select
      format('%s: %I', p.polrelid::regclass, p.polname) as object,
      format('It calls %s for each row. Ask a set function for the keys of the caller, and compare with any (array(select …)).',
        string_agg(distinct called.oid::regprocedure::text, ', ')) as detail,
      format('alter policy %I on %s%s%s;', p.polname, p.polrelid::regclass,
        case when p.polqual is not null then ' using (<condition>)' else '' end,
        case when p.polwithcheck is not null then ' with check (<condition>)' else '' end) as remediation
    from pg_catalog.pg_policy as p
    join pg_catalog.pg_class as c on c.oid = p.polrelid
    join pg_catalog.pg_depend as d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass
    join pg_catalog.pg_proc as called on called.oid = d.refobjid
    where c.relnamespace::regnamespace::text = any ($1)
      and called.pronamespace::regnamespace::text not in ('pg_catalog', 'extensions')
      and called.pronargs > 0
      and called.provolatile <> 'i'
    group by p.oid, p.polrelid, p.polname, p.polqual is not null, p.polwithcheck is not null`,
  examples: {
    bad: `create table scratch.notes (author_id uuid);
create function scratch.is_mine(p_author uuid) returns boolean language sql stable
  return p_author = core.current_user_id();
create policy own on scratch.notes for select to stoa_member using (scratch.is_mine(author_id));`,
    good: `create table scratch.notes (author_id uuid);
create function scratch.my_authors() returns setof uuid language sql stable
  begin atomic select core.current_user_id(); end;
create policy own on scratch.notes for select to stoa_member
  using (author_id = any (array(select scratch.my_authors())));`,
  },
};
