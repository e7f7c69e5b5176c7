revoke all on tracker.torrent_files from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.torrent_files to stoa_member;

drop policy if exists readable on tracker.torrent_files;
-- Not exists (…): the planner may make that a hash of all torrents, for one page of rows.
create policy readable on tracker.torrent_files
for select
to stoa_member
using ((select true from tracker.torrents as torrent where torrent.id = torrent_files.torrent_id));

comment on policy readable on tracker.torrent_files is 'Members who may read a torrent read its files: the policies of tracker.torrents hold inside. Visitors never do.';
