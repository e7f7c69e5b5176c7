create or replace function messaging.check_pair(p_conversation messaging.conversations)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_conversation.kind <> 'direct' then
    return;
  end if;

  -- A block takes the same lock: once it has committed, nothing of the other side arrives any more.
  perform social.lock_pair(p_conversation.user_low, p_conversation.user_high);
  if social.is_blocked(p_conversation.user_low, p_conversation.user_high) then
    perform core.fail('conversation.refused');
  end if;
end
$$;

comment on function messaging.check_pair(messaging.conversations) is
  'Internal. Refuses a direct conversation of two people of whom one blocks the other (conversation.refused), and holds off a block until the transaction ends. Groups pass.';

revoke all on function messaging.check_pair(messaging.conversations) from public;
