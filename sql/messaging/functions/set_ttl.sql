create or replace function messaging.set_ttl(p_conversation_id uuid, p_seconds integer default null)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations := messaging.lock_conversation(p_conversation_id);
begin
  if conversation.kind = 'group' and conversation.owner_id is distinct from me then
    perform core.fail('conversation.not_owner');
  end if;
  if p_seconds not between 5 and 31536000 then
    perform core.fail('conversation.ttl_invalid');
  end if;
  perform messaging.check_pair(conversation);
  if p_seconds is not distinct from conversation.message_ttl_seconds then
    return conversation;
  end if;

  update messaging.conversations as target
  set message_ttl_seconds = p_seconds,
      has_disappearing = target.has_disappearing or p_seconds is not null
  where target.id = p_conversation_id;
  perform messaging.tell(p_conversation_id, me, 'ttl_changed', jsonb_build_object('seconds', p_seconds));
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.set_ttl(uuid, integer) is
  E'@name set_message_lifetime\n@argument seconds How long new messages stay; null: for ever.\nLets messages that are sent from now on disappear after this many seconds, or stay (null). Either side of a direct conversation, the owner of a group. Refuses conversation.unknown, conversation.refused, conversation.not_owner and conversation.ttl_invalid.';

revoke all on function messaging.set_ttl(uuid, integer) from public;
grant execute on function messaging.set_ttl(uuid, integer) to stoa_member;
