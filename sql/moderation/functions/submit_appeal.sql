create or replace function moderation.submit_appeal(p_token text, p_text text)
returns moderation.bans
language plpgsql
volatile
-- Who is banned has no session; the token says who it is.
security definer
set search_path = ''
as $$
declare
  appellant constant uuid := auth.appealing_user(p_token, true);
  ban constant moderation.bans := moderation.running_ban(appellant, 'account');
begin
  if ban.id is null then
    perform core.fail('user_ban.not_running');
  end if;
  return moderation.file_appeal(appellant, ban.id, p_text);
end
$$;

comment on function moderation.submit_appeal(text, text) is
  E'@argument text What the banned person has to say.\n@argument token The appealToken that a refused sign-in carried.\nAsks the administrators to lift the ban of an account, once per ban, in up to 4,000 characters. token: what the refusal of a sign-in (account.banned) carries as appealToken, good for an hour and for one appeal. Refuses token.spent, user_ban.not_running, user_ban.appealed, an empty text, and accounts that are disabled, closed or erased (account.restricted); the token stays good then. Audited.';

revoke all on function moderation.submit_appeal(text, text) from public;
grant execute on function moderation.submit_appeal(text, text) to stoa_anonymous;
