create or replace function groups.notify_mentions(
  p_channel_id uuid,
  p_message_id uuid,
  p_after uuid default null,
  p_limit integer default 500
)
returns uuid
language plpgsql
volatile
-- Reads who belongs and rings their bells.
security definer
set search_path = ''
as $$
declare
  message groups.channel_messages;
  channel groups.channels;
  actor_name text;
  member record;
  last_id uuid;
begin
  select * into message
  from groups.channel_messages as target
  where target.channel_id = p_channel_id and target.id = p_message_id and target.deleted_at is null;
  if not found then
    return null;
  end if;
  select * into channel from groups.channels as target where target.id = p_channel_id;
  select coalesce(person.display_name, person.username::text, 'Somebody') into actor_name
  from core.users as person
  where person.id = message.sender_id;
  for member in
    select candidate.user_id
    from groups.group_members as candidate
    where candidate.group_id = channel.group_id
      and candidate.user_id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
      and (
        message.mention_everyone
        or candidate.user_id in (
          select assigned.user_id
          from groups.message_mentions as mention
          join groups.group_member_roles as assigned
            on assigned.group_id = channel.group_id and assigned.role_id = mention.role_id
          where mention.channel_id = p_channel_id and mention.message_id = p_message_id
        )
      )
    order by candidate.user_id
    limit p_limit
  loop
    last_id := member.user_id;
    continue when groups.is_silenced(member.user_id, p_channel_id)
      or exists (
        select
        from groups.message_mentions as mention
        where mention.channel_id = p_channel_id
          and mention.message_id = p_message_id
          and mention.target_id = member.user_id
      )
      or groups.permissions_of(channel.group_id, member.user_id, p_channel_id) & 1024 = 0;
    perform notifications.notify(
      member.user_id,
      'mention',
      coalesce(actor_name, 'Somebody') || ' called you in #' || channel.name,
      left(message.content, 200),
      jsonb_build_object('group_id', channel.group_id, 'channel_id', p_channel_id, 'message_id', p_message_id),
      message.sender_id,
      'channel:' || p_channel_id || ':mentions'
    );
  end loop;
  return last_id;
end
$$;

comment on function groups.notify_mentions(uuid, uuid, uuid, integer) is
  'For the worker: rings the bells of those whom a message calls by role or with @everyone, so many members at a time in the order of their ids, and returns where to continue; null when all were told. Those whom it mentions by name were told at once and are left out; so is who cannot view the channel, or wants to hear nothing of it.';

revoke all on function groups.notify_mentions(uuid, uuid, uuid, integer) from public;
grant execute on function groups.notify_mentions(uuid, uuid, uuid, integer) to stoa_worker;
