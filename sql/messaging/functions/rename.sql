create or replace function messaging.rename(p_conversation_id uuid, p_name text)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations := messaging.lock_group(p_conversation_id);
  new_name constant text := core.clean_text(p_name, 100, false);
begin
  perform core.require_unrestricted('chat');
  if new_name is not distinct from conversation.name then
    return conversation;
  end if;
  update messaging.conversations as target set name = new_name where target.id = p_conversation_id;
  perform messaging.tell(p_conversation_id, me, 'renamed', jsonb_build_object('name', new_name));
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.rename(uuid, text) is
  E'@name rename_conversation\nGives a group that the caller owns another name, or none. Refuses conversation.unknown, conversation.direct, conversation.not_owner and more than 100 characters (input.too_long). Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.rename(uuid, text) from public;
grant execute on function messaging.rename(uuid, text) to stoa_member;
