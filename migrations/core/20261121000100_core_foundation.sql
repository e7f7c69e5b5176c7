-- Why: the ground everything else stands on: schemas, extensions, identifiers, the request's identity and the
-- registry of errors. Locks: none on anything that holds data. Back: drops both schemas, which must be empty.

-- Up Migration

create schema extensions;
comment on schema extensions is 'Extensions, kept apart from our own objects. Nothing else is created here.';

create extension citext schema extensions;
create extension pg_trgm schema extensions;
create extension btree_gist schema extensions;
create extension btree_gin schema extensions;

create schema parts;
comment on schema parts is
  'Partitions live here and no API role may use the schema: row policies are those of the table named in a query, so a partition must not be nameable.';

create schema core;
comment on schema core is 'Public identity, preferences, presence, site configuration: what every other module points at.';

-- A function is closed until it is opened: PostgreSQL would let PUBLIC execute each new one.
alter default privileges revoke execute on functions from public;

grant usage on schema extensions, core to stoa_anonymous, stoa_worker, stoa_auth;

create table core.error_codes (
  reason text not null,
  sqlstate text not null,
  message text not null,
  cure text not null,
  constraint error_codes_pkey primary key (reason),
  constraint error_codes_reason_check check (reason ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$'),
  constraint error_codes_sqlstate_check check (
    sqlstate in ('ST401', 'ST403', 'ST404', 'ST409', 'ST410', 'ST422', 'ST423', 'ST429')
  )
);

comment on table core.error_codes is
  'Every error that a procedure may raise on purpose: its stable reason, its SQLSTATE, what it says and what the reader can do. Filled by the migrations of each module.';
comment on column core.error_codes.reason is 'Stable dotted key, sent to clients as extensions.reason.';
comment on column core.error_codes.sqlstate is 'ST401 sign in, ST403 not allowed, ST404 not found, ST409 conflict, ST410 gone, ST422 invalid, ST423 locked, ST429 too many.';
comment on column core.error_codes.message is 'One sentence for people.';
comment on column core.error_codes.cure is 'What to do about it.';

alter table core.error_codes enable row level security;

-- Object: core/functions/uuidv7.sql
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

-- Object: core/functions/uuidv7_floor.sql
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

-- Object: core/functions/uuidv7_time.sql
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

-- Object: core/functions/current_user_id.sql
create or replace function core.current_user_id()
returns uuid
language sql
stable
parallel safe
begin atomic
  select nullif(current_setting('stoa.user_id', true), '')::uuid;
end;

comment on function core.current_user_id() is
  E'@internal\nThe account that this request acts for, or null for a visitor. Set by the API for the length of one transaction. In a policy, write (select core.current_user_id()) so that it is computed once a statement.';

revoke all on function core.current_user_id() from public;
grant execute on function core.current_user_id() to stoa_anonymous, stoa_worker;

-- Object: core/functions/current_role_rank.sql
create or replace function core.current_role_rank()
returns smallint
language sql
stable
parallel safe
begin atomic
  select (
    case current_setting('role', true)
      when 'stoa_admin' then 3
      when 'stoa_moderator' then 2
      when 'stoa_member' then 1
      else 0
    end
  )::smallint;
end;

comment on function core.current_role_rank() is
  E'@internal\nHow much the role of this request may do: 0 anonymous, 1 member, 2 moderator, 3 admin. Reads the role that the gateway set, which stays visible inside security definer functions.';

revoke all on function core.current_role_rank() from public;
grant execute on function core.current_role_rank() to stoa_anonymous, stoa_worker;

-- Object: core/functions/fail.sql
create or replace function core.fail(p_reason text, p_retry_after integer default null)
returns void
language plpgsql
stable
-- The registry has no grants; what it says is public, who may read it whole is not.
security definer
set search_path = ''
as $$
declare
  known core.error_codes;
begin
  select * into known from core.error_codes where reason = p_reason;
  if not found then
    raise exception 'error code "%" is not registered', p_reason using errcode = 'XX000';
  end if;

  raise exception using
    errcode = known.sqlstate,
    message = known.message,
    hint = known.cure,
    detail = known.reason || coalesce(';retry_after=' || p_retry_after, '');
end
$$;

comment on function core.fail(text, integer) is
  E'@internal\nRaises a registered error: SQLSTATE, message and hint come from core.error_codes, DETAIL carries the stable reason, followed by ";retry_after=SECONDS" where waiting helps.';

revoke all on function core.fail(text, integer) from public;
grant execute on function core.fail(text, integer) to stoa_anonymous, stoa_worker, stoa_auth;

-- Object: core/functions/touch_updated_at.sql
create or replace function core.touch_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

comment on function core.touch_updated_at() is
  'Keeps updated_at: the time of the transaction that last changed the row.';

revoke all on function core.touch_updated_at() from public;

-- End of objects

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('session.required', 'ST401', 'You are not signed in.', 'Sign in and send the access token with the request.'),
  ('account.restricted', 'ST403', 'This account may not do that now.', 'Check whether the account is banned, disabled or closed.'),
  ('role.insufficient', 'ST403', 'This needs a higher role.', 'Ask a moderator or an administrator.'),
  ('input.empty', 'ST422', 'A required text is empty.', 'Send at least one character that is not white space.'),
  ('input.too_long', 'ST422', 'A text is longer than allowed.', 'Shorten it: the limit is in the description of the argument.'),
  ('input.malformed', 'ST422', 'A value is not of the form that is expected.', 'Check the description of the argument.'),
  ('input.unknown_key', 'ST422', 'A patch names a field that does not exist.', 'Send only the fields that the description lists.'),
  ('idempotency.mismatch', 'ST409', 'This key was used before with other arguments.', 'Use a new key for a new operation.');

-- Down Migration

drop table core.error_codes cascade;
drop function core.touch_updated_at();
drop function core.fail(text, integer);
drop function core.current_role_rank();
drop function core.current_user_id();
drop function core.uuidv7_time(uuid);
drop function core.uuidv7_floor(timestamptz);
drop function core.uuidv7();
alter default privileges grant execute on functions to public;
drop schema core;
drop schema parts;
drop extension btree_gin;
drop extension btree_gist;
drop extension pg_trgm;
drop extension citext;
drop schema extensions;
