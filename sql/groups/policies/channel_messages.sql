revoke all on groups.channel_messages from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.channel_messages to stoa_anonymous;

drop policy if exists readable on groups.channel_messages;
create policy readable on groups.channel_messages
for select
to stoa_anonymous
using (
  deleted_at is null
  and (
    channel_id = any (array(select groups.my_readable_channel_ids()))
    or channel_id in (select groups.my_readable_thread_ids())
    or channel_id = any (array(select groups.open_readable_channel_ids()))
    or channel_id in (select groups.open_readable_thread_ids())
  )
);

comment on policy readable on groups.channel_messages is 'Everybody reads the messages of the channels that they may read, and of their threads. Those of public groups come last: whoever reads in their own groups never has them worked out.';

drop policy if exists public_for_moderators on groups.channel_messages;
create policy public_for_moderators on groups.channel_messages
for select
to stoa_moderator
using (
  exists (
    select
    from groups.channels as channel
    join groups.groups as home on home.id = channel.group_id
    where channel.id = channel_messages.channel_id
      and home.is_public
  )
);

comment on policy public_for_moderators on groups.channel_messages is 'Moderators of the platform read every message of public groups, deleted ones too; of other groups only what a report opens to them.';

drop policy if exists all_for_admins on groups.channel_messages;
create policy all_for_admins on groups.channel_messages
for select
to stoa_admin
using (true);

comment on policy all_for_admins on groups.channel_messages is 'Administrators of the platform read every message.';
