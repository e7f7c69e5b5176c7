create or replace function messaging.conversations_other_user_id(p_conversation messaging.conversations)
returns uuid
language sql
stable
begin atomic
  select case
    when p_conversation.user_low = core.current_user_id() then p_conversation.user_high
    else p_conversation.user_low
  end;
end;

comment on function messaging.conversations_other_user_id(messaging.conversations) is
  'The other side of a direct conversation; null for a group.';

revoke all on function messaging.conversations_other_user_id(messaging.conversations) from public;
grant execute on function messaging.conversations_other_user_id(messaging.conversations) to stoa_member;
