create or replace function core.recall(p_scope text, p_key text, p_arguments jsonb)
returns jsonb
language plpgsql
volatile
-- Nobody has grants on the keys: one could learn what another client did.
security definer
set search_path = ''
as $$
declare
  me uuid := core.current_user_id();
  earlier core.idempotency_keys;
begin
  if p_key is null then
    return null;
  end if;
  if length(p_key) not between 1 and 255 then
    perform core.fail('input.too_long');
  end if;

  -- The retry waits here until the first attempt has committed or failed, then reads what it left behind.
  perform pg_advisory_xact_lock(hashtextextended(concat_ws(':', 'core.recall', me, p_scope, p_key), 0));

  select *
  into earlier
  from core.idempotency_keys
  where user_id = me
    and scope = p_scope
    and key = p_key
    and inserted_at >= now() - interval '24 hours';

  if not found then
    return null;
  end if;

  if earlier.request_hash <> sha256(convert_to(p_arguments::text, 'UTF8')) then
    perform core.fail('idempotency.mismatch');
  end if;

  return earlier.result;
end
$$;

comment on function core.recall(text, text, jsonb) is
  'First half of an idempotent procedure: the result that the caller''s earlier call with this key left within 24 hours, or null when there is none (or no key) and the work is to be done. Holds a lock on the key until the transaction ends. Refuses a key that was used with other arguments (idempotency.mismatch).';

revoke all on function core.recall(text, text, jsonb) from public;
grant execute on function core.recall(text, text, jsonb) to stoa_worker;
