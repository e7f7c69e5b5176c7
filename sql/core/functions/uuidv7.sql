create or replace function core.uuidv7()
returns uuid
language plpgsql
volatile
parallel safe
set search_path = ''
as $$
declare
  microseconds bigint;
begin
  if current_setting('server_version_num')::integer >= 180000 then
    return pg_catalog.uuidv7();
  end if;

  microseconds := floor(extract(epoch from clock_timestamp()) * 1000000);
  return (
    lpad(to_hex(microseconds / 1000), 12, '0')
    || to_hex(28672 + (microseconds % 1000) * 4096 / 1000) -- 0x7000: the version, then 12 bits below the millisecond
    || right(replace(gen_random_uuid()::text, '-', ''), 16)
  )::uuid;
end
$$;

comment on function core.uuidv7() is
  E'@internal\nA new time-ordered identifier (RFC 9562, version 7): 48 bits of Unix milliseconds, 12 bits below the millisecond, the rest random. Uses the server''s own uuidv7() from PostgreSQL 18 on.';

revoke all on function core.uuidv7() from public;
grant execute on function core.uuidv7() to stoa_anonymous, stoa_worker;
