create or replace function groups.restore_group(p_group_id uuid)
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
begin
  select * into target_group
  from groups.groups as target
  where target.id = p_group_id
    and target.deleted_at is not null
    and (target.owner_id = me or core.current_role_rank() >= 3)
  for no key update;
  if not found then
    perform core.fail('group.unknown');
  end if;
  if target_group.deleted_at <= now() - interval '30 days' then
    perform core.fail('group.restore_too_late');
  end if;
  if core.current_role_rank() < 3 and (
    select entry.actor_id
    from audit.logs as entry
    where entry.resource_type = 'groups.groups' and entry.resource_id = p_group_id and entry.action = 'delete_group'
    order by entry.id desc
    limit 1
  ) is distinct from me then
    perform core.fail('group.not_allowed');
  end if;
  update groups.groups as target set deleted_at = null where target.id = p_group_id returning * into target_group;
  perform audit.record('restore_group', 'groups.groups', p_group_id, p_group_id => p_group_id);
  return target_group;
end
$$;

comment on function groups.restore_group(uuid) is
  'Brings a deleted group back, as it was. Its owner, or an administrator of the platform, within 30 days. Refuses a group that is not deleted or not theirs (group.unknown) and one deleted too long ago (group.restore_too_late); a group that an administrator deleted only an administrator restores (group.not_allowed). Audited.';

revoke all on function groups.restore_group(uuid) from public;
grant execute on function groups.restore_group(uuid) to stoa_member;
