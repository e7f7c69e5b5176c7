create or replace function groups.unreact(p_channel_id uuid, p_message_id uuid, p_emoji text)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  perform groups.visible_channel(p_channel_id);
  delete from groups.message_reactions as reaction
  where reaction.channel_id = p_channel_id
    and reaction.message_id = p_message_id
    and reaction.emoji = p_emoji
    and reaction.user_id = me;
  return found;
end
$$;

comment on function groups.unreact(uuid, uuid, text) is
  E'@name unreact_to_channel_message\nTakes one''s own reaction back; tells whether there was one. Refuses channel.unknown.';

revoke all on function groups.unreact(uuid, uuid, text) from public;
grant execute on function groups.unreact(uuid, uuid, text) to stoa_member;
