create or replace function groups.write_mentions(p_message groups.channel_messages, p_held bigint)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  people constant uuid[] := groups.mentioned_ids(p_message.content, '@');
  role_ids constant uuid[] := groups.mentioned_ids(p_message.content, '@&');
  channel_ids constant uuid[] := groups.mentioned_ids(p_message.content, '#');
  home uuid;
begin
  if cardinality(people) + cardinality(role_ids) + cardinality(channel_ids) > 50 then
    perform core.fail('channel_message.too_many_mentions');
  end if;
  delete from groups.message_mentions as mention
  where mention.channel_id = p_message.channel_id
    and mention.message_id = p_message.id
    and mention.target_id <> all (people || role_ids || channel_ids);
  if cardinality(people) + cardinality(role_ids) + cardinality(channel_ids) = 0 then
    return;
  end if;

  select channel.group_id into home from groups.channels as channel where channel.id = p_message.channel_id;
  -- Whoever is leaving waits, and then takes along what is written here about them.
  perform
  from groups.group_members as member
  where member.group_id = home and member.user_id = any (people)
  order by member.user_id
  for key share;
  insert into groups.message_mentions (channel_id, message_id, user_id, role_id, mentioned_channel_id)
  select p_message.channel_id, p_message.id, target.user_id, target.role_id, target.mentioned_channel_id
  from (
    select member.user_id, null::uuid as role_id, null::uuid as mentioned_channel_id
    from groups.group_members as member
    where member.group_id = home
      and member.user_id = any (people)
      and member.user_id is distinct from p_message.sender_id
      and groups.permissions_of(home, member.user_id, p_message.channel_id) & 1024 <> 0
    union all
    select null, role.id, null
    from groups.roles as role
    where role.group_id = home
      and role.id = any (role_ids)
      and not role.is_default
      and (role.mentionable or p_held & 131072 <> 0)
    union all
    select null, null, channel.id
    from groups.channels as channel
    where channel.group_id = home
      and channel.id = any (channel_ids)
      and (
        p_message.sender_id is null
        or groups.permissions_of(home, p_message.sender_id, channel.id) & 1024 <> 0
      )
  ) as target
  on conflict do nothing;
end
$$;

comment on function groups.write_mentions(groups.channel_messages, bigint) is
  'Internal. Writes down whom and what a message mentions, and forgets what it mentions no more: members who can view the channel, the sender aside; roles that anybody may mention, or any with MENTION_EVERYONE; channels of the group that the sender can view. Refuses more than 50 (channel_message.too_many_mentions). The caller holds the lock of the channel.';

revoke all on function groups.write_mentions(groups.channel_messages, bigint) from public;
