revoke all on tracker.comments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.comments to stoa_member;

drop policy if exists readable on tracker.comments;
-- Not exists (…): the planner may make that a hash of all torrents, for one page of rows.
create policy readable on tracker.comments
for select
to stoa_member
using (
  deleted_at is null
  and case
    when torrent_id is not null then (select true from tracker.torrents as torrent where torrent.id = comments.torrent_id)
    when collection_id is not null then (select true from tracker.collections as collection where collection.id = comments.collection_id)
    else request_id is not null
  end
);

comment on policy readable on tracker.comments is 'Members read the live comments on what they may read: the policies of torrents and collections hold inside; every request is readable.';

drop policy if exists staff on tracker.comments;
create policy staff on tracker.comments
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.comments is 'Staff reads every comment.';
