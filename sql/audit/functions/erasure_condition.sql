create or replace function audit.erasure_condition(p_step text, p_user_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  work record;
  condition text;
begin
  select * into work from audit.erasure_steps(p_step) as known where known.step = p_step;
  if not found then
    raise exception 'there is no step "%"', p_step using errcode = 'XX000';
  end if;

  condition := replace(work.subject, ':user', quote_literal(p_user_id) || '::uuid');
  if work.action = 'scrub' then
    condition := condition || ' and (' || (
      select string_agg(format('target.%I::text is distinct from (%s)::text', part.name, part.replacement), ' or ')
      from unnest(work.columns, work.replacements) as part (name, replacement)
    ) || ')';
  end if;
  return condition;
end
$$;

comment on function audit.erasure_condition(text, uuid) is
  'The condition, as SQL over a row called target, under which a step of an erasure still has something to do for this person. Reads the registry.';

revoke all on function audit.erasure_condition(text, uuid) from public;
