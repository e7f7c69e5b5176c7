revoke all on groups.channel_permission_overrides from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.channel_permission_overrides to stoa_member;

drop policy if exists of_channels on groups.channel_permission_overrides;
create policy of_channels on groups.channel_permission_overrides
for select
to stoa_member
using (channel_id = any (array(select groups.my_visible_channel_ids())));

comment on policy of_channels on groups.channel_permission_overrides is 'Members read the overrides of the channels that they may view.';

drop policy if exists of_headings on groups.channel_permission_overrides;
create policy of_headings on groups.channel_permission_overrides
for select
to stoa_member
using (
  category_id is not null
  and group_id = any (array(select groups.my_group_ids()))
);

comment on policy of_headings on groups.channel_permission_overrides is 'Members read the overrides of the headings of their groups.';

drop policy if exists staff on groups.channel_permission_overrides;
create policy staff on groups.channel_permission_overrides
for select
to stoa_moderator
using (true);

comment on policy staff on groups.channel_permission_overrides is 'Staff of the platform reads all.';
