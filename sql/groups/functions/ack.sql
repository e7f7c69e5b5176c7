create or replace function groups.ack(p_channel_id uuid, p_message_id uuid)
returns groups.channel_reads
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  reached bigint;
  marker groups.channel_reads;
begin
  channel := groups.visible_channel(p_channel_id);
  perform
  from groups.group_members as member
  where member.group_id = channel.group_id and member.user_id = me
  for key share;
  if not found then
    perform core.fail('group_member.unknown');
  end if;
  select message.seq into reached
  from groups.channel_messages as message
  where message.channel_id = p_channel_id and message.id = p_message_id;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;

  -- The row is locked first and mentions are counted in a statement after it: one that arrives meanwhile waits.
  insert into groups.channel_reads as known (user_id, channel_id, last_read_seq, last_read_message_id, last_read_at)
  values (me, p_channel_id, reached, p_message_id, now())
  on conflict (user_id, channel_id) do update
  set last_read_seq = greatest(known.last_read_seq, excluded.last_read_seq),
      last_read_message_id = greatest(known.last_read_message_id, excluded.last_read_message_id),
      last_read_at = excluded.last_read_at
  returning * into marker;
  update groups.channel_reads as known
  set mention_count = (
    select count(*)
    from groups.message_mentions as mention
    where mention.user_id = me
      and mention.message_id > marker.last_read_message_id
      and mention.channel_id = p_channel_id
  )
  where known.user_id = me and known.channel_id = p_channel_id
  returning * into marker;
  return marker;
end
$$;

comment on function groups.ack(uuid, uuid) is
  E'@name ack_channel\nMoves the caller''s read marker in a channel forward to a message; never back. Mentions after it are counted anew. Refuses channel.unknown, channel_message.unknown, and somebody who does not belong to the group (group_member.unknown). Cost grows with the unread mentions, not with the messages.';

revoke all on function groups.ack(uuid, uuid) from public;
grant execute on function groups.ack(uuid, uuid) to stoa_member;
