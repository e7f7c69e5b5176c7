create or replace function groups.repair_counters(p_group_ids uuid[])
returns integer
language plpgsql
volatile
-- Writes counters that nobody may write.
security definer
set search_path = ''
as $$
declare
  wrong record;
  repaired integer := 0;
begin
  perform from groups.groups as target where target.id = any (p_group_ids) order by target.id for no key update;
  for wrong in
    select target.id, target.member_count, target.premium_subscription_count, counted.members, counted.supporters
    from groups.groups as target
    cross join lateral (
      select count(*)::integer as members, count(member.premium_since)::integer as supporters
      from groups.group_members as member
      where member.group_id = target.id
    ) as counted
    where target.id = any (p_group_ids)
      and (target.member_count, target.premium_subscription_count) <> (counted.members, counted.supporters)
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    select 'groups.groups.' || difference.name, jsonb_build_object('id', wrong.id), difference.cached, difference.counted
    from (
      values
        ('member_count', wrong.member_count, wrong.members),
        ('premium_subscription_count', wrong.premium_subscription_count, wrong.supporters)
    ) as difference (name, cached, counted)
    where difference.cached <> difference.counted;
    update groups.groups as target
    set member_count = wrong.members,
        premium_subscription_count = wrong.supporters
    where target.id = wrong.id;
    repaired := repaired + 1;
  end loop;

  perform from groups.channels as channel where channel.group_id = any (p_group_ids) order by channel.id for no key update;
  for wrong in
    select thread.channel_id, thread.message_count, counted.amount
    from groups.threads as thread
    join groups.channels as channel on channel.id = thread.channel_id
    cross join lateral (
      select count(*)::integer as amount
      from groups.channel_messages as message
      where message.channel_id = thread.channel_id
    ) as counted
    where channel.group_id = any (p_group_ids)
      -- Purged messages were written too: the count is of those, so it may be higher than what is left, never lower.
      and thread.message_count < counted.amount
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values ('groups.threads.message_count', jsonb_build_object('channel_id', wrong.channel_id), wrong.message_count, wrong.amount);
    update groups.threads as thread set message_count = wrong.amount where thread.channel_id = wrong.channel_id;
    repaired := repaired + 1;
  end loop;

  perform
  from groups.channel_reads as marker
  where marker.channel_id in (select channel.id from groups.channels as channel where channel.group_id = any (p_group_ids))
  order by marker.user_id, marker.channel_id
  for no key update;
  for wrong in
    select marker.user_id, marker.channel_id, marker.mention_count, counted.amount
    from groups.channel_reads as marker
    join groups.channels as channel on channel.id = marker.channel_id
    join groups.group_members as member on member.group_id = channel.group_id and member.user_id = marker.user_id
    cross join lateral (
      select count(*)::integer as amount
      from groups.message_mentions as mention
      where mention.user_id = marker.user_id
        and mention.channel_id = marker.channel_id
        and case
          when marker.last_read_message_id is null then mention.message_id >= core.uuidv7_floor(member.joined_at)
          else mention.message_id > marker.last_read_message_id
        end
    ) as counted
    where channel.group_id = any (p_group_ids)
      and marker.mention_count <> counted.amount
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'groups.channel_reads.mention_count',
      jsonb_build_object('user_id', wrong.user_id, 'channel_id', wrong.channel_id),
      wrong.mention_count,
      wrong.amount
    );
    update groups.channel_reads as marker
    set mention_count = wrong.amount
    where marker.user_id = wrong.user_id and marker.channel_id = wrong.channel_id;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function groups.repair_counters(uuid[]) is
  'For the worker: recounts what is cached about these groups (members, supporters, messages of threads, unread mentions), corrects what is wrong, writes each difference to ops.counter_repairs and returns how many rows it corrected. Locks the groups and their channels for the time of the count: call it with a few groups at a time.';

revoke all on function groups.repair_counters(uuid[]) from public;
grant execute on function groups.repair_counters(uuid[]) to stoa_worker;
