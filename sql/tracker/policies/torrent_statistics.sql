revoke all on tracker.torrent_statistics from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.torrent_statistics to stoa_anonymous;

drop policy if exists readable on tracker.torrent_statistics;
create policy readable on tracker.torrent_statistics
for select
to stoa_anonymous
using ((select true from tracker.torrents as torrent where torrent.id = torrent_statistics.torrent_id));

comment on policy readable on tracker.torrent_statistics is 'Whoever may read a torrent reads its figures: the policies of tracker.torrents hold inside.';
