revoke all on tracker.tags from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.tags to stoa_anonymous;

drop policy if exists everybody on tracker.tags;
create policy everybody on tracker.tags
for select
to stoa_anonymous
using (true);

comment on policy everybody on tracker.tags is 'Everybody reads the tags.';
