create or replace function groups.permitted_channel(p_channel_id uuid, p_permission text)
returns groups.channels
language plpgsql
stable
set search_path = ''
as $$
declare
  channel groups.channels;
begin
  channel := groups.visible_channel(p_channel_id);
  if groups.my_permissions(channel.group_id, channel.id) & groups.permission(p_permission) = 0 then
    if exists (
      select
      from groups.group_members as member
      where member.group_id = channel.group_id
        and member.user_id = core.current_user_id()
        and member.muted_until > now()
    ) then
      perform core.fail('group_member.timed_out');
    end if;
    perform core.fail('channel.not_allowed');
  end if;
  if p_permission like 'MANAGE\_%' or p_permission like '%\_MEMBERS' then
    perform groups.check_second_factor(channel.group_id);
  end if;
  return channel;
end
$$;

comment on function groups.permitted_channel(uuid, text) is
  'Internal. A live channel in which the caller holds a permission. Refuses a channel that they may not view (channel.unknown), lack of the permission (channel.not_allowed; while a time-out runs group_member.timed_out), and for managing and moderating the lack of the second factor that the group demands (group.second_factor_required).';

revoke all on function groups.permitted_channel(uuid, text) from public;
