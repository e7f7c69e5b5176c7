create or replace function groups.count_mentions()
returns trigger
language plpgsql
volatile
-- Fires for whoever writes a mention; the counters are those of other people.
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into groups.channel_reads (user_id, channel_id)
    select distinct changed.user_id, changed.channel_id
    from changed
    join groups.channels as channel on channel.id = changed.channel_id
    join groups.group_members as member on member.group_id = channel.group_id and member.user_id = changed.user_id
    order by 1, 2
    on conflict do nothing;
  end if;
  perform
  from groups.channel_reads as marker
  where (marker.user_id, marker.channel_id) in (
    select changed.user_id, changed.channel_id from changed where changed.user_id is not null
  )
  order by marker.user_id, marker.channel_id
  for no key update;
  update groups.channel_reads as marker
  set mention_count = greatest(0, marker.mention_count + case tg_op when 'INSERT' then counted.amount else -counted.amount end)
  from (
    select reader.user_id, reader.channel_id, count(*)::integer as amount
    from changed
    join groups.channel_reads as reader on reader.user_id = changed.user_id and reader.channel_id = changed.channel_id
    join groups.channels as channel on channel.id = changed.channel_id
    join groups.group_members as member on member.group_id = channel.group_id and member.user_id = changed.user_id
    where case
      when reader.last_read_message_id is null then changed.message_id >= core.uuidv7_floor(member.joined_at)
      else changed.message_id > reader.last_read_message_id
    end
    group by reader.user_id, reader.channel_id
  ) as counted
  where marker.user_id = counted.user_id
    and marker.channel_id = counted.channel_id;
  return null;
end
$$;

comment on function groups.count_mentions() is
  'Trigger. Keeps channel_reads.mention_count: mentions after the reader''s marker, or, in a channel that they never opened, since they came. Rows are made if missing, then locked in the order of their keys, then counted in a statement of their own: one that counted while it waited would use what it saw before.';

revoke all on function groups.count_mentions() from public;
