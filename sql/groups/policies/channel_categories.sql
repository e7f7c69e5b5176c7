revoke all on groups.channel_categories from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.channel_categories to stoa_anonymous;

drop policy if exists members on groups.channel_categories;
create policy members on groups.channel_categories
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.channel_categories is 'Members read what belongs to their groups.';

drop policy if exists open on groups.channel_categories;
create policy open on groups.channel_categories
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.groups as home
    where home.id = channel_categories.group_id
      and home.is_public
      and home.deleted_at is null
  )
);

comment on policy open on groups.channel_categories is 'Everybody reads it of public groups: the policies of groups.groups hold inside, so not of those that banned the caller.';

drop policy if exists staff on groups.channel_categories;
create policy staff on groups.channel_categories
for select
to stoa_moderator
using (true);

comment on policy staff on groups.channel_categories is 'Staff of the platform reads all.';
