create or replace function messaging.my_conversation_ids()
returns setof uuid
language sql
stable
rows 50
-- The policy of the participants asks this too: as the caller it would ask itself for ever.
security definer
set search_path = ''
as $$
  select participant.conversation_id
  from messaging.conversation_participants as participant
  where participant.user_id = core.current_user_id()
    and participant.left_at is null
$$;

comment on function messaging.my_conversation_ids() is
  E'@internal\n@behavior -*\nThe conversations that the caller is in, for policies: write conversation_id = any (array(select messaging.my_conversation_ids())), which is computed once a statement. One index range.';

revoke all on function messaging.my_conversation_ids() from public;
grant execute on function messaging.my_conversation_ids() to stoa_member;
