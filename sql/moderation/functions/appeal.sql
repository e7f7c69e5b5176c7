create or replace function moderation.appeal(p_ban_id uuid, p_text text)
returns moderation.bans
language plpgsql
volatile
-- A banned account has the rights of a visitor.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
begin
  if me is null then
    perform core.fail('session.required');
  end if;
  return moderation.file_appeal(me, p_ban_id, p_text);
end
$$;

comment on function moderation.appeal(uuid, text) is
  E'@name appeal_ban\n@argument text What the banned person has to say.\nAsks the administrators to lift a running ban of the caller, once per ban, in up to 4,000 characters. Somebody whose account is banned has no session and uses submit_appeal. Refuses user_ban.unknown, user_ban.not_running, user_ban.appealed, an empty text, and accounts that are disabled, closed or erased (account.restricted). Audited.';

revoke all on function moderation.appeal(uuid, text) from public;
grant execute on function moderation.appeal(uuid, text) to stoa_anonymous;
