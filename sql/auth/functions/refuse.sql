create or replace function auth.refuse(p_reason text, p_retry_after integer default null)
returns void
language plpgsql
stable
-- The sign-in service may raise these and no others.
security definer
set search_path = ''
as $$
begin
  if p_reason not in (
    'sign_in.failed', 'sign_in.busy', 'account.locked', 'account.disabled', 'account.banned', 'account.restricted',
    'session.required',
    'session.ended', 'session.token_reused', 'second_factor.wrong', 'second_factor.not_begun', 'second_factor.not_on',
    'password.wrong', 'password.too_short', 'password.too_long', 'input.malformed',
    'wallet.network_unknown', 'wallet.address_malformed', 'wallet.message_invalid', 'wallet.signature_wrong',
    'wallet.pin_required', 'wallet.pin_wrong', 'wallet.pin_malformed'
  ) then
    raise exception 'reason "%" is not for the sign-in service', p_reason using errcode = 'XX000';
  end if;
  perform core.fail(p_reason, p_retry_after);
end
$$;

comment on function auth.refuse(text, integer) is
  'Raises what the sign-in service found outside the database (a hash, a signature or a code that does not match), with the words of the registry.';

revoke all on function auth.refuse(text, integer) from public;
grant execute on function auth.refuse(text, integer) to stoa_auth;
