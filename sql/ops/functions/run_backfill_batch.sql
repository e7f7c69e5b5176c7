create or replace function ops.run_backfill_batch(
  p_name text,
  p_limit integer,
  p_rest_ms bigint default 0,
  p_note text default null
)
returns table (state text, batch_rows bigint, batch_affected bigint)
language plpgsql
volatile
-- Changes tables of every module, with a statement that only the owner can have put there.
security definer
set search_path = ''
as $$
declare
  backfill ops.backfills;
  batch record;
begin
  batch_rows := 0;
  batch_affected := 0;
  -- Two that run the same backfill take turns, and whoever pauses it waits for the batch that is under way.
  select * into backfill from ops.backfills where name = p_name for update;
  if not found then
    raise exception 'there is no backfill "%"', p_name using errcode = 'XX000';
  end if;
  state := backfill.state;
  if state <> 'running' then
    return next;
    return;
  end if;

  select * into batch from ops.backfill_range(p_name, p_limit);
  if batch.row_count > 0 then
    execute replace(backfill.statement, ':range', '(' || batch.condition || ')');
    get diagnostics batch_affected = row_count;
    batch_rows := batch.row_count;
  else
    state := 'finished';
  end if;

  update ops.backfills as target
  set state = run_backfill_batch.state,
      batch_size = p_limit,
      last_key = coalesce(batch.upto, target.last_key),
      row_count = target.row_count + batch_rows,
      rows_affected = target.rows_affected + batch_affected,
      batches = target.batches + (batch_rows > 0)::integer,
      worked_ms = target.worked_ms + p_rest_ms
        + ceil(extract(epoch from clock_timestamp() - statement_timestamp()) * 1000)::bigint,
      note = p_note,
      last_batch_at = clock_timestamp(),
      finished_at = case when run_backfill_batch.state = 'finished' then clock_timestamp() end
  where target.name = p_name;
  return next;
end
$$;

comment on function ops.run_backfill_batch(text, integer, bigint, text) is
  'Worker: runs a backfill over its next p_limit rows and remembers how far it came, both or neither. Answers with the state afterwards, and how many rows it went through and changed; a backfill that is not running is left alone. p_rest_ms is how long the table was left alone since the batch before, p_note why it goes slower than it could. The caller bounds it with statement_timeout and lock_timeout: it holds the rows of the batch until its transaction ends.';

revoke all on function ops.run_backfill_batch(text, integer, bigint, text) from public;
grant execute on function ops.run_backfill_batch(text, integer, bigint, text) to stoa_worker;
