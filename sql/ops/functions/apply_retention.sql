create or replace function ops.apply_retention(p_name text, p_now timestamptz, p_keys jsonb)
returns bigint
language plpgsql
volatile
-- Deletes in tables of every module.
security definer
set search_path = ''
set lock_timeout = '2s'
as $$
declare
  rule ops.retention_policies;
  held text;
  target_keys text;
  key_match text;
  name_match text;
  key_casts text;
  affected bigint;
begin
  select * into rule from ops.retention_policies where name = p_name;
  if not found then
    raise exception 'there is no retention rule "%"', p_name using errcode = 'XX000';
  end if;
  if not rule.is_active then
    return 0;
  end if;

  -- A hold that is being placed waits for this batch, or this batch sees it: never neither.
  lock table ops.legal_holds in share mode;
  held := ops.held_condition(rule.target);

  select
    string_agg('target.' || quote_ident(key.name), ', ' order by key.position),
    string_agg(format('target.%1$I = doomed.%1$I', key.name), ' and ' order by key.position),
    -- By numbers: a condition that names a column of the table without "target" must find one column only.
    string_agg(format('target.%I = named.key_%s', key.name, key.position), ' and ' order by key.position),
    string_agg(
      format('(given.keys ->> %s)::%s as key_%s', key.position - 1, key.type, key.position),
      ', '
      order by key.position
    )
  into target_keys, key_match, name_match, key_casts
  from ops.primary_key(rule.target) as key;

  execute format(
    $query$
      with named as materialized (
        select %1$s from jsonb_array_elements($1) as given (keys)
      ),
      doomed as (
        select %2$s
        from named
        join %3$s as target on %4$s
        where (%5$s) and %6$s
        for update of target skip locked
      ),
      done as (
        %7$s
        returning 1
      )
      select count(*) from done
    $query$,
    key_casts,
    target_keys,
    rule.target::regclass,
    name_match,
    ops.retention_condition(p_name, p_now),
    coalesce('not ' || held, 'true'),
    case rule.action
      when 'scrub' then format(
        'update %s as target set %s from doomed where %s',
        rule.target::regclass,
        (select string_agg(quote_ident(name) || ' = null', ', ') from unnest(rule.scrub_columns) as name),
        key_match
      )
      else format('delete from %s as target using doomed where %s', rule.target::regclass, key_match)
    end
  )
  into affected
  using p_keys;

  update ops.retention_policies as policy
  set last_run_at = p_now,
      last_deleted = case when policy.last_run_at = p_now then coalesce(policy.last_deleted, 0) else 0 end + affected
  where policy.name = p_name;
  return affected;
end
$$;

comment on function ops.apply_retention(text, timestamptz, jsonb) is
  'Worker: applies a retention rule to the rows of these primary keys, as far as the condition still holds for them, no legal hold keeps them and nobody has them locked; answers how many. One transaction of the caller is one batch; waits at most 2 s for any lock. Of a rule that archives it is called with what was read back from the archive.';

revoke all on function ops.apply_retention(text, timestamptz, jsonb) from public;
grant execute on function ops.apply_retention(text, timestamptz, jsonb) to stoa_worker;
