revoke all on tracker.collections from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.collections to stoa_member;

drop policy if exists readable on tracker.collections;
create policy readable on tracker.collections
for select
to stoa_member
using (deleted_at is null and (is_public or owner_id = (select core.current_user_id())));

comment on policy readable on tracker.collections is 'Members read public collections and their own.';

drop policy if exists staff on tracker.collections;
create policy staff on tracker.collections
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.collections is 'Staff reads every collection.';
