revoke all on tracker.collection_items from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.collection_items to stoa_member;

drop policy if exists readable on tracker.collection_items;
-- Not exists (…): the planner may make that a hash of all collections, for one page of rows.
create policy readable on tracker.collection_items
for select
to stoa_member
using ((select true from tracker.collections as collection where collection.id = collection_items.collection_id));

comment on policy readable on tracker.collection_items is 'Members who may read a collection read what is in it: the policies of tracker.collections hold inside.';
