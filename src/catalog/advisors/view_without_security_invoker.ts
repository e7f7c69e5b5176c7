import type { Advisor } from './advisor.ts';

export const viewWithoutSecurityInvoker: Advisor = {
  name: 'view_without_security_invoker',
  level: 'error',
  title: 'A view that reads as its owner',
  why: 'Without security_invoker a view reads its tables as stoa_owner, to whom no policy applies: everybody who may read the view reads every row.',
  query: `
    select
      c.oid::regclass::text as object,
      'security_invoker is not set.' as detail,
      format('alter view %s set (security_invoker = true);', c.oid::regclass) as remediation
    from pg_catalog.pg_class as c
    where c.relnamespace::regnamespace::text = any ($1)
      and c.relkind = 'v'
      and not coalesce(
        (
          select option.option_value::boolean
          from pg_catalog.pg_options_to_table(c.reloptions) as option
          where option.option_name = 'security_invoker'
        ),
        false
      )`,
  examples: {
    bad: 'create view scratch.names as select username from core.users;',
    good: 'create view scratch.names with (security_invoker = true) as select username from core.users;',
  },
};
