create or replace function messaging.conversations_is_group(p_conversation messaging.conversations)
returns boolean
language sql
immutable
begin atomic
  select p_conversation.kind = 'group';
end;

comment on function messaging.conversations_is_group(messaging.conversations) is
  'Whether it is a group and not the conversation of a pair.';

revoke all on function messaging.conversations_is_group(messaging.conversations) from public;
grant execute on function messaging.conversations_is_group(messaging.conversations) to stoa_member;
