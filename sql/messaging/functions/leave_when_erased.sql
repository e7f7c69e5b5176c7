create or replace function messaging.leave_when_erased()
returns trigger
language plpgsql
-- Erasing a person is not a right over conversations.
security definer
set search_path = ''
as $$
declare
  conversation messaging.conversations;
begin
  for conversation in
    select candidate.*
    from messaging.conversations as candidate
    where candidate.kind = 'group'
      and candidate.id in (
        select participant.conversation_id
        from messaging.conversation_participants as participant
        where participant.user_id = new.id
          and participant.left_at is null
      )
    order by candidate.id
    for no key update
  loop
    perform messaging.tell(
      conversation.id, new.id, 'left',
      jsonb_strip_nulls(jsonb_build_object('owner_id', messaging.take_out(conversation, new.id)))
    );
  end loop;
  return null;
end
$$;

comment on function messaging.leave_when_erased() is
  'Trigger. An erased person leaves their groups; those that they owned go to the longest-standing of the others. Groups are locked in the order of their ids.';

revoke all on function messaging.leave_when_erased() from public;
