create or replace function core.metric_query(p_name text)
returns text
language sql
stable
-- The registry has no grants.
security definer
set search_path = ''
begin atomic
  select coalesce(
    (select query from core.user_metrics where name = p_name),
    'select null::uuid as user_id, null::numeric as value where false'
  );
end;

comment on function core.metric_query(text) is
  'The query of a metric, or one without rows when no installed module registers it.';

revoke all on function core.metric_query(text) from public;
grant execute on function core.metric_query(text) to stoa_worker;
