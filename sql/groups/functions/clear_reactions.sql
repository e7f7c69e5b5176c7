create or replace function groups.clear_reactions(p_channel_id uuid, p_message_id uuid, p_emoji text default null)
returns integer
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  removed integer;
begin
  channel := groups.permitted_channel(p_channel_id, 'MANAGE_MESSAGES');
  perform groups.locked_message(p_channel_id, p_message_id);
  delete from groups.message_reactions as reaction
  where reaction.channel_id = p_channel_id
    and reaction.message_id = p_message_id
    and (p_emoji is null or reaction.emoji = p_emoji);
  get diagnostics removed = row_count;
  perform audit.record(
    'clear_channel_reactions', 'groups.channel_messages', p_message_id, null, jsonb_build_object('emoji', p_emoji, 'removed', removed),
    null, channel.group_id, jsonb_build_object('channel_id', p_channel_id, 'id', p_message_id)
  );
  return removed;
end
$$;

comment on function groups.clear_reactions(uuid, uuid, text) is
  E'@name clear_channel_reactions\nRemoves all reactions to a message, or those with one emoji; returns how many. Needs MANAGE_MESSAGES (channel.not_allowed). Refuses channel.unknown and channel_message.unknown. Audited.';

revoke all on function groups.clear_reactions(uuid, uuid, text) from public;
grant execute on function groups.clear_reactions(uuid, uuid, text) to stoa_member;
