import { type Advisor, apiRoles } from './advisor.ts';

export const indexUnusableUnderRowSecurity: Advisor = {
  name: 'index_unusable_under_row_security',
  level: 'warning',
  title: 'An index that row-level security keeps from being used',
  why: 'Under a policy that is not plainly true, only leak-proof operators may be index conditions. Those of citext, numeric and enum types are not, so a reader with a policy gets a sequential scan where the owner gets an index scan.',
  query: `
    select
      i.indexrelid::regclass::text as object,
      format('It begins with %I (%s), whose operator %s is not leak-proof, and %s has a policy that filters rows. Change the type, or read through a security definer function that repeats the condition of the policy, and accept this.',
        a.attname, format_type(a.atttypid, null), operator.oid::regoperator, c.oid::regclass) as detail,
      case
        -- A check keeps out what a comparison without case would have found twice.
        when type.typname = 'citext' then
          format('alter table %s alter column %I type text using lower(%I::text), add check (%I = lower(%I));',
            c.oid::regclass, a.attname, a.attname, a.attname, a.attname)
        when type.typtype = 'e' then
          format('alter table %s alter column %I type text using %I::text;', c.oid::regclass, a.attname, a.attname)
        else format('alter table %s alter column %I type <type> using (<expression>);', c.oid::regclass, a.attname)
      end as remediation
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indrelid
    join pg_catalog.pg_class as ic on ic.oid = i.indexrelid
    join pg_catalog.pg_am as am on am.oid = ic.relam and am.amname = 'btree'
    join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    join pg_catalog.pg_type as type on type.oid = a.atttypid
    join pg_catalog.pg_opclass as opclass on opclass.oid = i.indclass[0]
    join pg_catalog.pg_amop as member on member.amopfamily = opclass.opcfamily
      and member.amoplefttype = opclass.opcintype and member.amoprighttype = opclass.opcintype and member.amopstrategy = 3
    join pg_catalog.pg_operator as operator on operator.oid = member.amopopr
    join pg_catalog.pg_proc as implementation on implementation.oid = operator.oprcode
    where c.relnamespace::regnamespace::text = any ($1)
      and not c.relispartition
      and not implementation.proleakproof
      and exists (
        select
        from unnest(${apiRoles}) as r (name)
        where has_table_privilege(r.name, c.oid, 'select') or has_any_column_privilege(r.name, c.oid, 'select')
      )
      and exists (
        select
        from pg_catalog.pg_policy as p
        where p.polrelid = c.oid
          and p.polcmd in ('r', '*')
          and pg_catalog.pg_get_expr(p.polqual, p.polrelid) is distinct from 'true'
      )`,
  examples: {
    bad: `create table scratch.pages (id integer, slug extensions.citext);
create index pages_slug_idx on scratch.pages (slug);
grant select on scratch.pages to stoa_member;
create policy later on scratch.pages for select to stoa_member using (id > 10);`,
    good: `create table scratch.pages (id integer, slug text);
create index pages_slug_idx on scratch.pages (slug);
grant select on scratch.pages to stoa_member;
create policy later on scratch.pages for select to stoa_member using (id > 10);`,
  },
};
