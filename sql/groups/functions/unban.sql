create or replace function groups.unban(p_group_id uuid, p_user_id uuid)
returns groups.bans
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  gone groups.bans;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'BAN_MEMBERS');
  delete from groups.bans as ban where ban.group_id = p_group_id and ban.user_id = p_user_id returning * into gone;
  if not found then
    perform core.fail('group_ban.unknown');
  end if;
  perform audit.record(
    'unban_from_group', 'groups.bans', p_user_id, jsonb_build_object('reason', gone.reason, 'expires_at', gone.expires_at),
    p_group_id => p_group_id, p_resource_key => jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  return gone;
end
$$;

comment on function groups.unban(uuid, uuid) is
  E'@name unban_from_group\nEnds a ban: the person may join again. Needs BAN_MEMBERS (group.not_allowed). Refuses somebody who is not banned (group_ban.unknown). Audited.';

revoke all on function groups.unban(uuid, uuid) from public;
grant execute on function groups.unban(uuid, uuid) to stoa_member;
