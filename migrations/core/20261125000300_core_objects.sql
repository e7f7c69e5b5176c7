-- Why: Most calls of idempotent procedures carry no key, and each still began a statement to insert nothing.
-- Changed: core.remember.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: core/functions/remember.sql
create or replace function core.remember(p_scope text, p_key text, p_arguments jsonb, p_result jsonb)
returns void
language plpgsql
volatile
-- Nobody has grants on the keys.
security definer
set search_path = ''
as $$
begin
  -- Most calls carry no key: they cost no statement.
  if p_key is null then
    return;
  end if;

  insert into core.idempotency_keys as stored (user_id, scope, key, request_hash, result)
  values (core.current_user_id(), p_scope, p_key, sha256(convert_to(p_arguments::text, 'UTF8')), p_result)
  on conflict (user_id, scope, key) do update
  set request_hash = excluded.request_hash,
      result = excluded.result,
      inserted_at = excluded.inserted_at;
end
$$;

comment on function core.remember(text, text, jsonb, jsonb) is
  'Second half of an idempotent procedure: keeps the key columns of what was made, for retries of the next 24 hours. Does nothing without a key.';

revoke all on function core.remember(text, text, jsonb, jsonb) from public;
grant execute on function core.remember(text, text, jsonb, jsonb) to stoa_worker;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: core/functions/remember.sql
create or replace function core.remember(p_scope text, p_key text, p_arguments jsonb, p_result jsonb)
returns void
language sql
volatile
-- Nobody has grants on the keys.
security definer
set search_path = ''
begin atomic
  insert into core.idempotency_keys as stored (user_id, scope, key, request_hash, result)
  select core.current_user_id(), p_scope, p_key, sha256(convert_to(p_arguments::text, 'UTF8')), p_result
  where p_key is not null
  on conflict (user_id, scope, key) do update
  set request_hash = excluded.request_hash,
      result = excluded.result,
      inserted_at = excluded.inserted_at;
end;

comment on function core.remember(text, text, jsonb, jsonb) is
  'Second half of an idempotent procedure: keeps the key columns of what was made, for retries of the next 24 hours. Does nothing without a key.';

revoke all on function core.remember(text, text, jsonb, jsonb) from public;
grant execute on function core.remember(text, text, jsonb, jsonb) to stoa_worker;

-- End of objects
