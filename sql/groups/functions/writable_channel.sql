create or replace function groups.writable_channel(p_channel_id uuid)
returns groups.channels
language plpgsql
stable
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  channel groups.channels;
  level smallint;
begin
  channel := groups.permitted_channel(p_channel_id, 'SEND_MESSAGES');
  if channel.type = 'voice' then
    perform core.fail('channel.wrong_type');
  end if;
  if channel.type = 'announcement' then
    perform groups.permitted_channel(p_channel_id, 'MANAGE_MESSAGES');
  end if;
  if channel.type = 'thread'
    and exists (
      select from groups.threads as thread where thread.channel_id = p_channel_id and thread.locked_at is not null
    )
    and not groups.can(p_channel_id, 'MANAGE_THREADS')
  then
    perform core.fail('thread.locked');
  end if;
  select settings.verification_level into level
  from groups.group_settings as settings
  where settings.group_id = channel.group_id;
  if level > 0 and groups.highest_position(channel.group_id, me) = 0 and not exists (
    select
    from groups.group_members as member
    join core.users as person on person.id = member.user_id
    left join auth.accounts as account on account.user_id = member.user_id
    where member.group_id = channel.group_id
      and member.user_id = me
      and account.email_verified_at is not null
      and (level < 2 or person.inserted_at <= now() - interval '5 minutes')
      and (level < 3 or member.joined_at <= now() - interval '10 minutes')
      and (level < 4 or groups.has_second_factor(me))
  ) then
    perform core.fail('group.verification_required');
  end if;
  return channel;
end
$$;

comment on function groups.writable_channel(uuid) is
  'Internal. A channel that the caller may write into. Refuses channel.unknown, channel.not_allowed (in an announcement channel MANAGE_MESSAGES is needed), group_member.timed_out, a voice channel (channel.wrong_type), a locked thread without MANAGE_THREADS (thread.locked), and a member who does not reach the verification level of the group (group.verification_required); members with a role and the owner are beyond verification.';

revoke all on function groups.writable_channel(uuid) from public;
