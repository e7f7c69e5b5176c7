create or replace function core.uuidv7_time(p_id uuid)
returns timestamptz
language sql
immutable
strict
parallel safe
begin atomic
  select to_timestamp(
    ('x' || lpad(left(replace(p_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0
  );
end;

comment on function core.uuidv7_time(uuid) is
  E'@internal\nThe moment, to the millisecond, at which a version 7 identifier was made.';

revoke all on function core.uuidv7_time(uuid) from public;
grant execute on function core.uuidv7_time(uuid) to stoa_anonymous, stoa_worker;
