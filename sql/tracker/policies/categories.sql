revoke all on tracker.categories from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.categories to stoa_anonymous;

drop policy if exists active on tracker.categories;
create policy active on tracker.categories
for select
to stoa_anonymous
using (is_active);

comment on policy active on tracker.categories is 'Everybody reads the categories that are in use.';

drop policy if exists all_for_members on tracker.categories;
create policy all_for_members on tracker.categories
for select
to stoa_member
using (true);

comment on policy all_for_members on tracker.categories is 'Members also read those that take nothing new: torrents still stand there.';
