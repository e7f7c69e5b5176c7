create or replace function audit.erasure_steps(p_step text default null)
returns table (step text, turn smallint, table_name text, action text, subject text, columns text[], replacements text[])
language sql
stable
set search_path = ''
as $$
  select
    format('%s %s where %s', rule.action, rule.table_name, rule.subject),
    min(rule.turn),
    rule.table_name,
    rule.action,
    rule.subject,
    array_agg(rule.column_name order by rule.column_name),
    array_agg(coalesce(rule.replacement, 'null') order by rule.column_name)
  from (
    select
      known.table_name,
      known.column_name,
      known.action,
      known.turn,
      known.replacement,
      coalesce(known.subject, format('target.%I = :user', known.column_name)) as subject
    from ops.personal_data_rules as known
    where known.action in ('delete', 'scrub')
      -- The log refuses changes but those of audit.scrub_log.
      and known.table_name <> 'audit.logs'
      and (p_step is null or starts_with(p_step, format('%s %s where ', known.action, known.table_name)))
      and to_regclass(known.table_name) is not null
  ) as rule
  group by rule.table_name, rule.action, rule.subject
  order by 2, 1
$$;

comment on function audit.erasure_steps(text) is
  'What an erasure does, in its order, from ops.personal_data_rules: rules about the same rows of a table are one step. All of them, or those of the table and action of one. Reads the registry.';

revoke all on function audit.erasure_steps(text) from public;
grant execute on function audit.erasure_steps(text) to stoa_worker;
