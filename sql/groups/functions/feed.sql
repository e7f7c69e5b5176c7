create or replace function groups.feed(
  p_channel_id uuid,
  p_before uuid default null,
  p_after uuid default null,
  p_first integer default 25
)
returns setof groups.channel_messages
language plpgsql
stable
rows 25
-- Asks once whether the caller may read the channel, then reads as the owner: under the policy each row would be looked at.
security definer
set search_path = ''
as $$
declare
  page constant integer := groups.page_size(p_first);
begin
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  if p_after is not null then
    return query
      select message.*
      from groups.channel_messages as message
      where message.channel_id = p_channel_id
        and message.id > p_after
        and message.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        and message.deleted_at is null
      order by message.id
      limit page;
  elsif p_before is not null then
    return query
      select message.*
      from groups.channel_messages as message
      where message.channel_id = p_channel_id
        and message.id < p_before
        and message.deleted_at is null
      order by message.id desc
      limit page;
  else
    return query
      select message.*
      from groups.channel_messages as message
      where message.channel_id = p_channel_id
        and message.deleted_at is null
      order by message.id desc
      limit page;
  end if;
end
$$;

comment on function groups.feed(uuid, uuid, uuid, integer) is
  E'@name channel_feed\n@simpleCollections only\nOne page of the messages of a channel or thread: the newest first, or those before a message; with after, those after it, the oldest first, which is how to ask for what came since: identifiers ascend in the order of commits, so nothing is missed. first: 1 to 100. Deleted messages are left out. Needs READ_HISTORY (channel.not_allowed). Refuses channel.unknown. One index range at any depth; partitions on the other side of the cursor are not touched.';

revoke all on function groups.feed(uuid, uuid, uuid, integer) from public;
grant execute on function groups.feed(uuid, uuid, uuid, integer) to stoa_anonymous;
