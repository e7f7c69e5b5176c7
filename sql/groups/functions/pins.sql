create or replace function groups.pins(p_channel_id uuid)
returns setof groups.channel_messages
language plpgsql
stable
rows 50
-- Reads as the owner after one check, because a policy would check each row.
security definer
set search_path = ''
as $$
begin
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  return query
    select message.*
    from groups.pinned_messages as pinned
    join groups.channel_messages as message on message.channel_id = pinned.channel_id and message.id = pinned.message_id
    where pinned.channel_id = p_channel_id
      and message.deleted_at is null
    order by pinned.pinned_at desc, pinned.message_id desc;
end
$$;

comment on function groups.pins(uuid) is
  E'@name pinned_channel_messages\nThe pinned messages of a channel, the newest pin first; at most 50. Needs READ_HISTORY (channel.not_allowed). Refuses channel.unknown.';

revoke all on function groups.pins(uuid) from public;
grant execute on function groups.pins(uuid) to stoa_anonymous;
