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
