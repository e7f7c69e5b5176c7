create or replace function groups.join_by_code(p_code text)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  home uuid;
  invite_id uuid;
  member groups.group_members;
begin
  select invite.group_id, invite.id into home, invite_id from groups.invites as invite where invite.code = p_code;
  if not found then
    select target.id into home from groups.groups as target where target.vanity_code = lower(p_code);
  end if;
  perform from groups.groups as target where target.id = home and target.deleted_at is null for no key update;
  if not found then
    perform core.fail('invite.unknown');
  end if;
  if groups.is_banned(home, me) then
    perform core.fail('group.banned');
  end if;
  select * into member from groups.group_members as known where known.group_id = home and known.user_id = me;
  if found then
    return member;
  end if;
  if invite_id is not null then
    update groups.invites as invite
    set use_count = invite.use_count + 1
    where invite.id = invite_id
      and invite.revoked_at is null
      and (invite.expires_at is null or invite.expires_at > clock_timestamp())
      and (invite.max_uses is null or invite.use_count < invite.max_uses);
    if not found then
      perform core.fail('invite.gone');
    end if;
  end if;
  member := groups.admit(home, me, invite_id);
  return member;
end
$$;

comment on function groups.join_by_code(text) is
  E'@name join_group_by_code\nJoins a group with an invitation code, or with the group''s own code. Whoever belongs already gets their membership back and no use is spent. Refuses an unknown code (invite.unknown), a ban (group.banned), an invitation that is withdrawn, ended or used up (invite.gone) and a full group (group.full); a refusal spends no use. Joins of one group queue up at it, so an invitation is never used more often than it may.';

revoke all on function groups.join_by_code(text) from public;
grant execute on function groups.join_by_code(text) to stoa_member;
