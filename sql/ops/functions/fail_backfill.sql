create or replace function ops.fail_backfill(p_name text, p_limit integer, p_error text)
returns void
language plpgsql
volatile
-- The job may move a backfill on through functions only.
security definer
set search_path = ''
as $$
declare
  range_end jsonb;
begin
  perform from ops.backfills where name = p_name for update;
  select range.upto into range_end from ops.backfill_range(p_name, p_limit) as range;
  update ops.backfills as target
  set state = 'failed',
      error = p_error,
      failed_upto = range_end
  where target.name = p_name
    and target.state = 'running';
end
$$;

comment on function ops.fail_backfill(text, integer, text) is
  'Worker: marks a running backfill as failed at its next p_limit rows, with the reason, until an operator has it tried again. Another state is left as it is.';

revoke all on function ops.fail_backfill(text, integer, text) from public;
grant execute on function ops.fail_backfill(text, integer, text) to stoa_worker;
