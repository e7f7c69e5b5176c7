revoke all on groups.pinned_messages from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.pinned_messages to stoa_anonymous;

drop policy if exists as_message on groups.pinned_messages;
create policy as_message on groups.pinned_messages
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.channel_messages as message
    where message.channel_id = pinned_messages.channel_id
      and message.id = pinned_messages.message_id
  )
);

comment on policy as_message on groups.pinned_messages is 'Whoever may read a message reads this of it: the policies of groups.channel_messages hold inside.';
