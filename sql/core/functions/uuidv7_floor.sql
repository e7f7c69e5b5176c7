create or replace function core.uuidv7_floor(p_time timestamptz)
returns uuid
language sql
immutable
strict
parallel safe
begin atomic
  select (
    -- 48 bits hold the years 1970 to 10889; what lies before or after, infinity too, is bounded by their ends.
    lpad(
      to_hex(floor(least(greatest(extract(epoch from p_time at time zone 'UTC') * 1000, 0), 281474976710655))::bigint),
      12, '0'
    )
    || '7000'
    || '8000000000000000'
  )::uuid;
end;

comment on function core.uuidv7_floor(timestamptz) is
  E'@internal\nThe smallest version 7 identifier of that millisecond: the bound of a partition, or the start of a "since" cursor.';

revoke all on function core.uuidv7_floor(timestamptz) from public;
grant execute on function core.uuidv7_floor(timestamptz) to stoa_anonymous, stoa_worker;
