revoke all on tracker.torrent_metadata from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.torrent_metadata to stoa_anonymous;

drop policy if exists readable on tracker.torrent_metadata;
create policy readable on tracker.torrent_metadata
for select
to stoa_anonymous
using ((select true from tracker.torrents as torrent where torrent.id = torrent_metadata.torrent_id));

comment on policy readable on tracker.torrent_metadata is 'Whoever may read a torrent reads which work it is: the policies of tracker.torrents hold inside.';
