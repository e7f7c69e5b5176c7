create or replace function groups.admit(p_group_id uuid, p_user_id uuid, p_invite_id uuid default null)
returns groups.group_members
language plpgsql
volatile
set search_path = ''
as $$
declare
  target_group groups.groups;
  member groups.group_members;
  announced_in uuid;
begin
  select * into target_group from groups.groups as target where target.id = p_group_id;
  if target_group.member_count >= target_group.max_members then
    perform core.fail('group.full');
  end if;
  insert into groups.group_members (group_id, user_id, invite_id, pending)
  values (p_group_id, p_user_id, p_invite_id, 'screening' = any (target_group.features))
  returning * into member;
  select channel.id into announced_in
  from groups.group_settings as settings
  join groups.channels as channel on channel.id = settings.system_channel_id
  where settings.group_id = p_group_id
    and settings.system_channel_flags & 1 = 0
    and channel.deleted_at is null;
  if announced_in is not null then
    perform groups.append_message(announced_in, 'member_join', p_metadata => jsonb_build_object('user_id', p_user_id));
  end if;
  return member;
end
$$;

comment on function groups.admit(uuid, uuid, uuid) is
  'Internal. Makes somebody a member, pending where the group screens newcomers, and announces it. The caller holds the lock of the group. Refuses a group with as many members as it may have (group.full).';

revoke all on function groups.admit(uuid, uuid, uuid) from public;
