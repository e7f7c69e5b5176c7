revoke all on tracker.torrent_tag_assignments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (torrent_id, tag_id, score, inserted_at) on tracker.torrent_tag_assignments to stoa_anonymous;
grant select (assigned_by) on tracker.torrent_tag_assignments to stoa_moderator;

drop policy if exists readable on tracker.torrent_tag_assignments;
create policy readable on tracker.torrent_tag_assignments
for select
to stoa_anonymous
using ((select true from tracker.torrents as torrent where torrent.id = torrent_tag_assignments.torrent_id));

comment on policy readable on tracker.torrent_tag_assignments is 'Whoever may read a torrent reads its tags: the policies of tracker.torrents hold inside. Who put them there is for staff: it may be an uploader who asked not to be named.';
