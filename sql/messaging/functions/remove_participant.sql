create or replace function messaging.remove_participant(p_conversation_id uuid, p_user_id uuid)
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
begin
  if p_user_id = me then
    perform core.fail('conversation.self');
  end if;
  if not exists (
    select
    from messaging.conversation_participants as participant
    where participant.conversation_id = p_conversation_id
      and participant.user_id = p_user_id
      and participant.left_at is null
  ) then
    perform core.fail('conversation.not_participant');
  end if;

  perform messaging.take_out(conversation, p_user_id);
  perform messaging.tell(p_conversation_id, me, 'removed', jsonb_build_object('user_ids', array[p_user_id]));
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.remove_participant(uuid, uuid) is
  'Puts somebody out of a group that the caller owns; they no longer read it, what they wrote stays. Refuses conversation.unknown, conversation.direct, conversation.not_owner, conversation.self (leave it instead) and conversation.not_participant.';

revoke all on function messaging.remove_participant(uuid, uuid) from public;
grant execute on function messaging.remove_participant(uuid, uuid) to stoa_member;
