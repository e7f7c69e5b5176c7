create or replace function groups.transfer_ownership(p_group_id uuid, p_user_id uuid)
returns groups.groups
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  target_group groups.groups;
  former uuid;
begin
  target_group := groups.locked_group(p_group_id);
  former := target_group.owner_id;
  if former <> me and core.current_role_rank() < 3 then
    perform core.fail('group.not_allowed');
  end if;
  perform groups.check_second_factor(p_group_id);
  perform groups.require_membership(p_group_id, p_user_id);
  if not exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
      and (person.banned_until is null or person.banned_until <= now())
  ) then
    perform core.fail('user.unknown');
  end if;
  if p_user_id = former then
    return target_group;
  end if;
  if exists (
    select from groups.group_settings as settings where settings.group_id = p_group_id and settings.mfa_level = 1
  ) and not groups.has_second_factor(p_user_id) then
    perform core.fail('group_member.second_factor_missing');
  end if;
  perform groups.check_owned_limit(p_user_id);

  update groups.groups as target set owner_id = p_user_id where target.id = p_group_id returning * into target_group;
  -- A time-out means nothing for an owner, and must not come back with the next transfer.
  update groups.group_members as member
  set muted_until = null, pending = false
  where member.group_id = p_group_id and member.user_id = p_user_id;
  perform audit.record(
    'transfer_group', 'groups.groups', p_group_id,
    jsonb_build_object('owner_id', former), jsonb_build_object('owner_id', p_user_id), p_group_id => p_group_id
  );
  perform notifications.notify(
    p_user_id, 'group', 'You now own the group ' || target_group.name, null, jsonb_build_object('group_id', p_group_id), me
  );
  return target_group;
end
$$;

comment on function groups.transfer_ownership(uuid, uuid) is
  E'@name transfer_group\nHands a group to another member. Only its owner or an administrator of the platform (group.not_allowed). Refuses somebody who does not belong (group_member.unknown), whose account is closed, disabled or banned (user.unknown), who lacks the second factor that the group demands (group_member.second_factor_missing), or who owns as many groups as one may (group.limit_reached). Audited; the new owner is told.';

revoke all on function groups.transfer_ownership(uuid, uuid) from public;
grant execute on function groups.transfer_ownership(uuid, uuid) to stoa_member;
