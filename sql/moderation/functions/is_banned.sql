create or replace function moderation.is_banned(p_user_id uuid, p_ban_type text)
returns boolean
language plpgsql
stable
-- Bans are read by the banned and by administrators only.
security definer
set search_path = ''
as $$
begin
  return (moderation.running_ban(p_user_id, p_ban_type)).id is not null;
end
$$;

comment on function moderation.is_banned(uuid, text) is
  E'@internal\nWhether a ban of this kind (account, posting, chat or tracker) is in force for somebody now, by the clock. Procedures of other modules ask core.require_unrestricted, which is there without this module.';

revoke all on function moderation.is_banned(uuid, text) from public;
grant execute on function moderation.is_banned(uuid, text) to stoa_worker;
