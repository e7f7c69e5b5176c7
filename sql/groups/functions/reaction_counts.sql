create or replace function groups.reaction_counts(p_channel_id uuid, p_message_ids uuid[])
returns table (message_id uuid, emoji text, count integer, is_mine boolean)
language plpgsql
stable
rows 100
-- Reads as the owner after one check, because a policy would check each row.
security definer
set search_path = ''
as $$
begin
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  if cardinality(p_message_ids) > 100 then
    perform core.fail('channel_message.list_invalid');
  end if;
  return query
    select
      reaction.message_id, reaction.emoji::text, count(*)::integer,
      coalesce(bool_or(reaction.user_id = groups.caller_id()), false)
    from groups.message_reactions as reaction
    join groups.channel_messages as message on message.channel_id = reaction.channel_id and message.id = reaction.message_id
    where reaction.channel_id = p_channel_id
      and reaction.message_id = any (p_message_ids)
      and message.deleted_at is null
    group by reaction.message_id, reaction.emoji
    order by reaction.message_id, min(reaction.inserted_at), reaction.emoji;
end
$$;

comment on function groups.reaction_counts(uuid, uuid[]) is
  E'@name channel_reaction_counts\n@column count How many people reacted so.\n@column is_mine Whether the caller is one of them.\nHow often each emoji stands under messages of a channel, at most 100 messages at once, the first used first. Needs READ_HISTORY (channel.not_allowed). Refuses channel.unknown and more messages (channel_message.list_invalid). One index range a message.';

revoke all on function groups.reaction_counts(uuid, uuid[]) from public;
grant execute on function groups.reaction_counts(uuid, uuid[]) to stoa_anonymous;
