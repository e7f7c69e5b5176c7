create or replace function ops.run_retention(
  p_name text,
  p_now timestamptz default now(),
  p_after jsonb default null
)
returns table (rows_affected bigint, next_after jsonb)
language plpgsql
volatile
-- Deletes in tables of every module.
security definer
set search_path = ''
as $$
declare
  rule ops.retention_policies;
  keys text;
  target_keys text;
  key_match text;
  cursor_keys text;
  work text;
  held text;
begin
  select * into rule from ops.retention_policies where name = p_name;
  if not found then
    raise exception 'there is no retention rule "%"', p_name using errcode = 'XX000';
  end if;

  rows_affected := 0;
  if rule.is_active and rule.action <> 'archive' then
    -- A hold that is being placed waits for this batch, or this batch sees it: never neither.
    lock table ops.legal_holds in share mode;
    held := ops.held_condition(rule.target);

    select
      string_agg(quote_ident(attribute.attname), ', ' order by part.position),
      string_agg('target.' || quote_ident(attribute.attname), ', ' order by part.position),
      string_agg(format('target.%1$I = doomed.%1$I', attribute.attname), ' and ' order by part.position),
      string_agg(
        format('($1 ->> %s)::%s', part.position - 1, format_type(attribute.atttypid, attribute.atttypmod)),
        ', ' order by part.position
      )
    into keys, target_keys, key_match, cursor_keys
    from pg_catalog.pg_index as index_entry
    cross join lateral unnest(index_entry.indkey::smallint[]) with ordinality as part (number, position)
    join pg_catalog.pg_attribute as attribute
      on attribute.attrelid = index_entry.indrelid
     and attribute.attnum = part.number
    where index_entry.indrelid = rule.target::regclass
      and index_entry.indisprimary;

    if keys is null then
      raise exception 'table "%" has no primary key to go through', rule.target using errcode = 'XX000';
    end if;

    work := case rule.action
      when 'delete' then format('delete from %s as target using doomed where %s', rule.target::regclass, key_match)
      else format(
        'update %s as target set %s from doomed where %s',
        rule.target::regclass,
        (select string_agg(quote_ident(name) || ' = null', ', ') from unnest(rule.scrub_columns) as name),
        key_match
      )
    end;

    execute format(
      $query$
        with doomed as (
          select %1$s
          from %2$s as target
          where (%3$s)
            and %9$s
            and ($1 is null or (%1$s) > (%4$s))
          order by %1$s
          limit %5$s
          for update skip locked
        ),
        done as (
          %6$s
          returning %1$s
        )
        select
          (select count(*) from done),
          -- A full batch means that there may be more; the next one continues after its last key.
          (select jsonb_build_array(%7$s) from doomed order by %8$s limit 1 offset %5$s - 1)
      $query$,
      target_keys,
      rule.target::regclass,
      ops.retention_condition(p_name, p_now),
      cursor_keys,
      rule.batch_size,
      work,
      keys,
      keys,
      coalesce('not ' || held, 'true')
    )
    into rows_affected, next_after
    using p_after;
  end if;

  update ops.retention_policies
  set last_run_at = p_now,
      last_deleted = case when p_after is null then 0 else coalesce(last_deleted, 0) end + run_retention.rows_affected
  where name = p_name;

  return next;
end
$$;

comment on function ops.run_retention(text, timestamptz, jsonb) is
  'Worker: applies one retention rule to one batch of rows, by primary key, and returns how many it deleted or scrubbed and where the next batch starts; null there means that the pass is complete. Each batch is its own transaction of the caller. Rows that somebody has locked are left for the next night, rows that a legal hold keeps for as long as it lasts. A rule that is off or of action archive does nothing.';

revoke all on function ops.run_retention(text, timestamptz, jsonb) from public;
grant execute on function ops.run_retention(text, timestamptz, jsonb) to stoa_worker;
