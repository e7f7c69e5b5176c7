create or replace function messaging.messages_is_sender_blocked(p_message messaging.messages)
returns boolean
language sql
stable
begin atomic
  select exists (
    select
    from social.blocks as block
    where block.blocker_id = core.current_user_id()
      and block.blocked_id = p_message.sender_id
  );
end;

comment on function messaging.messages_is_sender_blocked(messaging.messages) is
  'Whether the caller blocks who wrote it: in a group such messages are shown folded, not hidden. One look-up by primary key, under row-level security.';

revoke all on function messaging.messages_is_sender_blocked(messaging.messages) from public;
grant execute on function messaging.messages_is_sender_blocked(messaging.messages) to stoa_member;
