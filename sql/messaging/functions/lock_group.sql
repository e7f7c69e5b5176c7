create or replace function messaging.lock_group(p_conversation_id uuid, p_as_owner boolean default true)
returns messaging.conversations
language plpgsql
volatile
set search_path = ''
as $$
declare
  conversation constant messaging.conversations := messaging.lock_conversation(p_conversation_id);
begin
  if conversation.kind <> 'group' then
    perform core.fail('conversation.direct');
  end if;
  if p_as_owner and conversation.owner_id is distinct from core.current_user_id() then
    perform core.fail('conversation.not_owner');
  end if;
  return conversation;
end
$$;

comment on function messaging.lock_group(uuid, boolean) is
  'Internal. Like messaging.lock_conversation, for what only groups have (conversation.direct) and, unless told otherwise, only their owner may do (conversation.not_owner).';

revoke all on function messaging.lock_group(uuid, boolean) from public;
