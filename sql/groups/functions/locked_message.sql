create or replace function groups.locked_message(p_channel_id uuid, p_message_id uuid)
returns groups.channel_messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  message groups.channel_messages;
begin
  perform from groups.channels as channel where channel.id = p_channel_id for no key update;
  select * into message
  from groups.channel_messages as target
  where target.channel_id = p_channel_id and target.id = p_message_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;
  return message;
end
$$;

comment on function groups.locked_message(uuid, uuid) is
  'Internal. A message that is not deleted, locked; its channel was locked before it. Refuses channel_message.unknown.';

revoke all on function groups.locked_message(uuid, uuid) from public;
