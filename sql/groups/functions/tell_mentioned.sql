create or replace function groups.tell_mentioned(p_message groups.channel_messages, p_channel groups.channels)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  actor_name text;
begin
  select coalesce(member.nickname, person.display_name, person.username::text, 'Somebody') into actor_name
  from core.users as person
  left join groups.group_members as member on member.user_id = person.id and member.group_id = p_channel.group_id
  where person.id = p_message.sender_id;
  perform notifications.notify(
    told.user_id,
    'mention',
    actor_name || told.verb || p_channel.name,
    left(p_message.content, 200),
    jsonb_build_object('group_id', p_channel.group_id, 'channel_id', p_channel.id, 'message_id', p_message.id),
    p_message.sender_id,
    'channel:' || p_channel.id || ':mentions'
  )
  from (
    select recipient.user_id, case when bool_or(recipient.is_answer) then ' answered you in #' else ' mentioned you in #' end as verb
    from (
      select mention.user_id, false as is_answer
      from groups.message_mentions as mention
      where mention.channel_id = p_message.channel_id
        and mention.message_id = p_message.id
        and mention.user_id is not null
      union all
      select answered.sender_id, true
      from groups.channel_messages as answered
      where answered.channel_id = p_message.channel_id
        and answered.id = p_message.reply_to_id
        and answered.sender_id is not null
        and groups.permissions_of(p_channel.group_id, answered.sender_id, p_channel.id) & 1024 <> 0
    ) as recipient
    where recipient.user_id is distinct from p_message.sender_id
      and not groups.is_silenced(recipient.user_id, p_channel.id)
    group by recipient.user_id
    order by recipient.user_id
  ) as told;

  if p_message.mention_everyone or exists (
    select
    from groups.message_mentions as mention
    where mention.channel_id = p_message.channel_id
      and mention.message_id = p_message.id
      and mention.role_id is not null
  ) then
    perform core.enqueue(
      'notify_mentions', json_build_object('channelId', p_message.channel_id, 'messageId', p_message.id)
    );
  end if;
end
$$;

comment on function groups.tell_mentioned(groups.channel_messages, groups.channels) is
  'Internal. Rings the bells of those whom a message mentions by name, and of whoever it answers, in the order of their ids; roles and everybody are left to the job notify_mentions, because a crowd must not hold the lock of the channel.';

revoke all on function groups.tell_mentioned(groups.channel_messages, groups.channels) from public;
