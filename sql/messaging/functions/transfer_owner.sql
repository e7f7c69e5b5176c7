create or replace function messaging.transfer_owner(p_conversation_id uuid, p_user_id uuid)
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
    return conversation;
  end if;
  if not exists (
    select
    from messaging.conversation_participants as participant
    join core.users as person on person.id = participant.user_id
    where participant.conversation_id = p_conversation_id
      and participant.user_id = p_user_id
      and participant.left_at is null
      and person.deleted_at is null
      and person.erased_at is null
  ) then
    perform core.fail('conversation.not_participant');
  end if;

  update messaging.conversation_participants as participant
  set role = 'member'
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me;
  update messaging.conversation_participants as participant
  set role = 'owner'
  where participant.conversation_id = p_conversation_id
    and participant.user_id = p_user_id;
  update messaging.conversations as target set owner_id = p_user_id where target.id = p_conversation_id;
  perform messaging.tell(p_conversation_id, me, 'owner_changed', jsonb_build_object('owner_id', p_user_id));
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.transfer_owner(uuid, uuid) is
  E'@name transfer_conversation\nHands a group that the caller owns to somebody who is in it. Refuses conversation.unknown, conversation.direct, conversation.not_owner and conversation.not_participant.';

revoke all on function messaging.transfer_owner(uuid, uuid) from public;
grant execute on function messaging.transfer_owner(uuid, uuid) to stoa_member;
