revoke all on messaging.message_attachments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on messaging.message_attachments to stoa_member;

drop policy if exists participating on messaging.message_attachments;
create policy participating on messaging.message_attachments
for select
to stoa_member
using (
  conversation_id = any (array(select messaging.my_conversation_ids()))
  and exists (
    select
    from messaging.messages as message
    where message.conversation_id = message_attachments.conversation_id
      and message.id = message_attachments.message_id
      and message.deleted_at is null
  )
);

comment on policy participating on messaging.message_attachments is 'Who reads a message that is not deleted reads its files: the policy of messaging.messages holds inside.';
