create or replace function auth.count_attempt(p_scope text, p_key bytea, p_reason text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  rule auth.throttle_rules;
  throttle auth.throttles;
  moment constant timestamptz := clock_timestamp();
  quiet_since timestamptz;
begin
  if p_key is null then
    return;
  end if;

  -- Who is blocked is turned away by a read alone: no lock, no write, so a flood costs little.
  select * into throttle from auth.throttles where scope = p_scope and key_hash = p_key;
  if throttle.blocked_until > moment then
    perform core.fail(p_reason, ceil(extract(epoch from throttle.blocked_until - moment))::integer);
  end if;

  select * into strict rule from auth.throttle_rules where scope = p_scope;

  -- Makes the row or locks it: attempts of one key stand in line, so a burst cannot slip through a gap.
  insert into auth.throttles as known (scope, key_hash)
  values (p_scope, p_key)
  on conflict (scope, key_hash) do update set attempts = known.attempts
  returning * into throttle;

  if throttle.blocked_until > moment then
    perform core.fail(p_reason, ceil(extract(epoch from throttle.blocked_until - moment))::integer);
  end if;

  quiet_since := coalesce(throttle.blocked_until, throttle.window_started_at);
  if quiet_since + rule.counted_for <= moment then
    throttle.blocks := 0;
  end if;
  if throttle.blocked_until is not null or quiet_since + rule.counted_for <= moment then
    throttle.attempts := 0;
    throttle.window_started_at := moment;
    throttle.blocked_until := null;
  end if;

  throttle.attempts := throttle.attempts + 1;
  if throttle.attempts >= rule.attempts then
    throttle.blocks := throttle.blocks + 1;
    throttle.blocked_until := moment + least(
      rule.blocked_for * power(2, least(throttle.blocks - 1, 20)),
      rule.longest_block
    );
  end if;

  update auth.throttles
  set
    attempts = throttle.attempts,
    blocks = throttle.blocks,
    window_started_at = throttle.window_started_at,
    blocked_until = throttle.blocked_until
  where scope = p_scope
    and key_hash = p_key;
end
$$;

comment on function auth.count_attempt(text, bytea, text) is
  'Counts one attempt before it is made, or fails with the given reason and the seconds to wait when the rule of the scope has blocked the key. The last attempt that a rule allows is allowed and sets the block; a success takes it back (auth.forget_attempts, auth.uncount_attempt). A refused attempt counts and writes nothing. One row, by its key.';

revoke all on function auth.count_attempt(text, bytea, text) from public;
