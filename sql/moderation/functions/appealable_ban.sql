create or replace function moderation.appealable_ban(p_token text)
returns moderation.bans
language plpgsql
stable
-- Who is banned has no session; the token says who it is.
security definer
set search_path = ''
as $$
declare
  ban moderation.bans := moderation.running_ban(auth.appealing_user(p_token, false), 'account');
begin
  ban.staff_note := null;
  return ban;
end
$$;

comment on function moderation.appealable_ban(text) is
  E'@argument token The appealToken that a refused sign-in carried.\nThe running ban that an appeal token is about: why, since when, until when, and whether it was appealed; null when it is over. Does not spend the token. Refuses token.spent.';

revoke all on function moderation.appealable_ban(text) from public;
grant execute on function moderation.appealable_ban(text) to stoa_anonymous;
