create or replace function groups.unpin(p_channel_id uuid, p_message_id uuid)
returns groups.pinned_messages
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  gone groups.pinned_messages;
begin
  perform groups.permitted_channel(p_channel_id, 'MANAGE_MESSAGES');
  perform from groups.channels as channel where channel.id = p_channel_id for no key update;
  delete from groups.pinned_messages as known
  where known.channel_id = p_channel_id and known.message_id = p_message_id
  returning * into gone;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;
  return gone;
end
$$;

comment on function groups.unpin(uuid, uuid) is
  E'@name unpin_channel_message\nUnpins a message. Needs MANAGE_MESSAGES (channel.not_allowed). Refuses channel.unknown and a message that is not pinned (channel_message.unknown).';

revoke all on function groups.unpin(uuid, uuid) from public;
grant execute on function groups.unpin(uuid, uuid) to stoa_member;
