revoke all on groups.message_attachments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.message_attachments to stoa_anonymous;

drop policy if exists as_message on groups.message_attachments;
create policy as_message on groups.message_attachments
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.channel_messages as message
    where message.channel_id = message_attachments.channel_id
      and message.id = message_attachments.message_id
  )
);

comment on policy as_message on groups.message_attachments is 'Whoever may read a message reads this of it: the policies of groups.channel_messages hold inside.';
