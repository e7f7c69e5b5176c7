create or replace function messaging.leave(p_conversation_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations := messaging.lock_group(p_conversation_id, false);
begin
  perform messaging.tell(
    p_conversation_id, me, 'left',
    jsonb_strip_nulls(jsonb_build_object('owner_id', messaging.take_out(conversation, me)))
  );
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.leave(uuid) is
  E'@name leave_conversation\nLeaves a group: the caller no longer reads it, what they wrote stays. An owner who leaves hands it to the longest-standing of the others. Refuses conversation.unknown and conversation.direct: hide that one instead.';

revoke all on function messaging.leave(uuid) from public;
grant execute on function messaging.leave(uuid) to stoa_member;
