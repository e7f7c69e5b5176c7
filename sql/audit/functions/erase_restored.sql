create or replace function audit.erase_restored(p_parent text, p_table regclass)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
  work record;
  changes record;
  affected bigint;
  erased bigint := 0;
begin
  for work in
    select * from audit.erasure_steps() as known where known.table_name = p_parent
  loop
    select
      string_agg(format('%I = %s', part.name, part.replacement), ', ') as assignments,
      string_agg(format('target.%I::text is distinct from (%s)::text', part.name, part.replacement), ' or ') as differences
    into changes
    from unnest(work.columns, work.replacements) as part (name, replacement)
    -- What was archived may be older than a column.
    where exists (
      select from pg_catalog.pg_attribute where attrelid = p_table and attname = part.name and attnum > 0
    );
    if work.action = 'delete' then
      execute format(
        'delete from %s as target using audit.erasures as done where %s',
        p_table, replace('(' || work.subject || ')', ':user', 'done.user_id')
      );
    elsif changes.assignments is not null then
      execute format(
        'update %s as target set %s from audit.erasures as done where %s and (%s)',
        p_table, changes.assignments, replace('(' || work.subject || ')', ':user', 'done.user_id'), changes.differences
      );
    else
      continue;
    end if;
    get diagnostics affected = row_count;
    erased := erased + affected;
  end loop;
  return erased;
end
$$;

comment on function audit.erase_restored(text, regclass) is
  'Owner, in the transaction in which rows of p_parent come back from an archive into p_table: does to them what the rules of ops.personal_data_rules say, for everybody who was erased since. Returns how many rows were deleted or changed. The log is left to audit.scrub_restored. Reads p_table once a rule.';

revoke all on function audit.erase_restored(text, regclass) from public;
