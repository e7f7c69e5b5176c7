revoke all on groups.custom_emojis from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.custom_emojis to stoa_anonymous;

drop policy if exists members on groups.custom_emojis;
create policy members on groups.custom_emojis
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on groups.custom_emojis is 'Members read what belongs to their groups.';

drop policy if exists open on groups.custom_emojis;
create policy open on groups.custom_emojis
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.groups as home
    where home.id = custom_emojis.group_id
      and home.is_public
      and home.deleted_at is null
  )
);

comment on policy open on groups.custom_emojis is 'Everybody reads it of public groups: the policies of groups.groups hold inside, so not of those that banned the caller.';

drop policy if exists staff on groups.custom_emojis;
create policy staff on groups.custom_emojis
for select
to stoa_moderator
using (true);

comment on policy staff on groups.custom_emojis is 'Staff of the platform reads all.';
