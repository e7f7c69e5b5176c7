create or replace function groups.revoke_invite(p_code text)
returns groups.invites
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  invite groups.invites;
begin
  select * into invite from groups.invites as target where target.code = p_code;
  if invite.id is null
    or (invite.created_by is distinct from me and not groups.can_in_group(invite.group_id, 'MANAGE_GROUP'))
  then
    perform core.fail('invite.unknown');
  end if;
  perform from groups.groups as target where target.id = invite.group_id for no key update;
  update groups.invites as target
  set revoked_at = coalesce(target.revoked_at, now())
  where target.id = invite.id
  returning * into invite;
  if invite.created_by is distinct from me then
    perform audit.record('revoke_group_invite', 'groups.invites', invite.id, p_group_id => invite.group_id);
  end if;
  return invite;
end
$$;

comment on function groups.revoke_invite(text) is
  E'@name revoke_group_invite\nWithdraws an invitation. Whoever made it, or who holds MANAGE_GROUP (else invite.unknown). Doing it twice changes nothing. Audited when it was somebody else''s.';

revoke all on function groups.revoke_invite(text) from public;
grant execute on function groups.revoke_invite(text) to stoa_member;
