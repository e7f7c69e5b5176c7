revoke all on groups.channels from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.channels to stoa_anonymous;

drop policy if exists visible on groups.channels;
create policy visible on groups.channels
for select
to stoa_anonymous
using (
  deleted_at is null
  and (
    id = any (array(select groups.my_visible_channel_ids()))
    or parent_channel_id = any (array(select groups.my_visible_channel_ids()))
    or id = any (array(select groups.open_visible_channel_ids()))
    or parent_channel_id = any (array(select groups.open_visible_channel_ids()))
  )
);

comment on policy visible on groups.channels is 'Everybody reads the channels that they may view, and their threads. Those of public groups come last: whoever reads in their own groups never has them worked out.';

drop policy if exists staff on groups.channels;
create policy staff on groups.channels
for select
to stoa_moderator
using (true);

comment on policy staff on groups.channels is 'Staff of the platform reads every channel, deleted ones too; not what is written there.';
