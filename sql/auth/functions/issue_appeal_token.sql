create or replace function auth.issue_appeal_token(
  p_user_id uuid,
  p_token_hash bytea,
  p_pending_token_hash bytea default null
)
returns timestamptz
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  if not exists (
    select from auth.account_state(p_user_id) as state where state.reason = 'account.banned'
  ) then
    return null;
  end if;

  if exists (
    select from auth.two_factor as factor where factor.user_id = p_user_id and factor.confirmed_at is not null
  ) then
    update auth.pending_sign_ins as pending
    set consumed_at = now()
    where pending.token_hash = p_pending_token_hash
      and pending.user_id = p_user_id
      and pending.passed_at is not null
      and pending.consumed_at is null
      and pending.expires_at > now();
    if not found then
      perform core.fail('second_factor.required');
    end if;
  end if;

  return auth.issue_one_time_token(p_user_id, 'appeal', p_token_hash, interval '1 hour');
end
$$;

comment on function auth.issue_appeal_token(uuid, bytea, bytea) is
  'For the sign-in service, after every factor was right and the account turned out to be banned: a token with which its owner answers to the ban, for an hour; it replaces an earlier one. No session: the token stands for this and for nothing else. Returns the end of its validity, null for an account that is not banned. Refuses second_factor.required.';

revoke all on function auth.issue_appeal_token(uuid, bytea, bytea) from public;
grant execute on function auth.issue_appeal_token(uuid, bytea, bytea) to stoa_auth;
