revoke all on tracker.torrent_moderation from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (id, torrent_id, action, reason, changes, inserted_at) on tracker.torrent_moderation to stoa_member;
grant select (moderator_id) on tracker.torrent_moderation to stoa_moderator;

drop policy if exists of_own_torrents on tracker.torrent_moderation;
create policy of_own_torrents on tracker.torrent_moderation
for select
to stoa_member
using (torrent_id = any (array(select tracker.my_torrent_ids())));

comment on policy of_own_torrents on tracker.torrent_moderation is 'Uploaders read what was decided about their torrents and why, without by whom.';

drop policy if exists staff on tracker.torrent_moderation;
create policy staff on tracker.torrent_moderation
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.torrent_moderation is 'Staff reads every decision.';
