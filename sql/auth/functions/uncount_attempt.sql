create or replace function auth.uncount_attempt(p_scope text, p_key bytea)
returns void
language sql
volatile
begin atomic
  update auth.throttles as throttle
  set
    attempts = greatest(throttle.attempts - 1, 0),
    blocks = case when throttle.attempts = rule.attempts then throttle.blocks - 1 else throttle.blocks end,
    blocked_until = case when throttle.attempts = rule.attempts then null else throttle.blocked_until end
  from auth.throttle_rules as rule
  where rule.scope = throttle.scope
    and throttle.scope = p_scope
    and throttle.key_hash = p_key
    and throttle.attempts > 0;
end;

comment on function auth.uncount_attempt(text, bytea) is
  'A success that must not wipe the slate: takes back the one attempt that was counted for it. So somebody who may sign in cannot reset the count of their network address.';

revoke all on function auth.uncount_attempt(text, bytea) from public;
