create or replace function messaging.take_out(p_conversation messaging.conversations, p_user_id uuid)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  heir uuid;
begin
  update messaging.conversation_participants as participant
  set left_at = now(),
      role = 'member'
  where participant.conversation_id = p_conversation.id
    and participant.user_id = p_user_id;

  if p_conversation.owner_id is distinct from p_user_id then
    return null;
  end if;

  select participant.user_id into heir
  from messaging.conversation_participants as participant
  join core.users as person on person.id = participant.user_id
  where participant.conversation_id = p_conversation.id
    and participant.left_at is null
  order by person.erased_at is null and person.deleted_at is null desc, participant.joined_at, participant.user_id
  limit 1;

  update messaging.conversation_participants as participant
  set role = 'owner'
  where participant.conversation_id = p_conversation.id
    and participant.user_id = heir;
  update messaging.conversations as target
  set owner_id = heir
  where target.id = p_conversation.id;
  return heir;
end
$$;

comment on function messaging.take_out(messaging.conversations, uuid) is
  'Internal. Takes a person out of a locked group. When it was the owner, the longest-standing of the others owns it, who is returned; a group that everybody has left has no owner and is removed by the next retention run.';

revoke all on function messaging.take_out(messaging.conversations, uuid) from public;
