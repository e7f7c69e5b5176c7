create or replace function messaging.add_participants(p_conversation_id uuid, p_user_ids uuid[])
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations := messaging.lock_group(p_conversation_id);
  others constant uuid[] := array(
    select distinct wanted.id
    from unnest(p_user_ids) as wanted (id)
    where not exists (
      select
      from messaging.conversation_participants as participant
      where participant.conversation_id = p_conversation_id
        and participant.user_id = wanted.id
        and participant.left_at is null
    )
  );
begin
  perform core.require_unrestricted('chat');
  if cardinality(others) = 0 then
    return conversation;
  end if;
  if cardinality(others) > core.setting_integer('messages.group_size') - (
    select count(*)
    from messaging.conversation_participants as participant
    where participant.conversation_id = p_conversation_id
      and participant.left_at is null
  ) then
    perform core.fail('conversation.size_invalid');
  end if;
  perform messaging.check_friends(others);

  perform messaging.tell(
    p_conversation_id, me, 'added',
    jsonb_build_object('user_ids', messaging.add_people(conversation, others))
  );
  select * into conversation from messaging.conversations as changed where changed.id = p_conversation_id;
  return conversation;
end
$$;

comment on function messaging.add_participants(uuid, uuid[]) is
  'Adds friends of the caller to a group that the caller owns; those who are in it already stay as they are. They see what is said from now on, also when they were in it before. Refuses conversation.unknown, conversation.direct, conversation.not_owner, conversation.not_friends, conversation.size_invalid. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.add_participants(uuid, uuid[]) from public;
grant execute on function messaging.add_participants(uuid, uuid[]) to stoa_member;
