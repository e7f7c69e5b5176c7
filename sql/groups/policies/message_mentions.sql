revoke all on groups.message_mentions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.message_mentions to stoa_member;

drop policy if exists as_message on groups.message_mentions;
create policy as_message on groups.message_mentions
for select
to stoa_member
using (
  exists (
    select
    from groups.channel_messages as message
    where message.channel_id = message_mentions.channel_id
      and message.id = message_mentions.message_id
  )
);

comment on policy as_message on groups.message_mentions is 'Whoever may read a message reads this of it: the policies of groups.channel_messages hold inside.';
