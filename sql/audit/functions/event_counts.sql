create or replace function audit.event_counts(p_since timestamptz, p_until timestamptz default now())
returns table (name text, day date, events bigint, people bigint)
language plpgsql
stable
-- Administrators see figures, never the events.
security definer
set search_path = ''
as $$
begin
  perform core.require_role('admin');

  return query
    select event.name::text, (event.inserted_at at time zone 'UTC')::date, count(*), count(distinct event.user_key)
    from audit.analytics_events as event
    where event.id >= core.uuidv7_floor(p_since)
      and event.id < core.uuidv7_floor(p_until)
    group by 1, 2
    order by 1, 2;
end
$$;

comment on function audit.event_counts(timestamptz, timestamptz) is
  E'@name analytics_event_counts\n@returns event_count\n@column day The day, in UTC.\n@column events How often it happened.\n@column people How many different people it happened to.\n@column name The kind of event.\nAdministrators only: how often each event of product analytics happened, and to how many people, by day (UTC). Reads the partitions of that time.';

revoke all on function audit.event_counts(timestamptz, timestamptz) from public;
grant execute on function audit.event_counts(timestamptz, timestamptz) to stoa_admin;
