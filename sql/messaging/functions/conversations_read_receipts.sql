create or replace function messaging.conversations_read_receipts(p_conversation messaging.conversations)
returns table (user_id uuid, message_id uuid)
language sql
stable
rows 10
-- The markers have no grant, and settings are private: both are read for this one answer.
security definer
set search_path = ''
begin atomic
  select participant.user_id, participant.last_read_message_id
  from messaging.conversation_participants as participant
  where participant.conversation_id = p_conversation.id
    and participant.left_at is null
    and messaging.is_participant(p_conversation.id)
    and (
      participant.user_id = core.current_user_id()
      or not exists (
        select
        from core.user_settings as settings
        where settings.user_id in (participant.user_id, core.current_user_id())
          and settings.privacy -> 'read_receipts' = 'false'::jsonb
      )
    )
  order by participant.user_id;
end;

comment on function messaging.conversations_read_receipts(messaging.conversations) is
  E'@simpleCollections only\nHow far each person in the conversation has read: the message that their marker stands at, null for nothing. People who have switched read receipts off (privacy setting read_receipts: false) are left out, and who has done so sees only their own marker. One range of the primary key.';

revoke all on function messaging.conversations_read_receipts(messaging.conversations) from public;
grant execute on function messaging.conversations_read_receipts(messaging.conversations) to stoa_member;
