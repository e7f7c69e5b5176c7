revoke all on messaging.message_reactions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on messaging.message_reactions to stoa_member;

drop policy if exists participating on messaging.message_reactions;
create policy participating on messaging.message_reactions
for select
to stoa_member
using (
  conversation_id = any (array(select messaging.my_conversation_ids()))
  and exists (
    select
    from messaging.messages as message
    where message.conversation_id = message_reactions.conversation_id
      and message.id = message_reactions.message_id
      and message.deleted_at is null
  )
);

comment on policy participating on messaging.message_reactions is 'Who reads a message that is not deleted reads its reactions: the policy of messaging.messages holds inside.';
