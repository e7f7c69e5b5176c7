revoke all on tracker.peers from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  torrent_id, user_id, peer_id, port, uploaded, downloaded, left_bytes, is_seeder, user_agent, started_at, last_announce_at
) on tracker.peers to stoa_member;
grant select (ip_address) on tracker.peers to stoa_moderator;

drop policy if exists read_own on tracker.peers;
create policy read_own on tracker.peers
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.peers is 'Members see their own sessions, without the address.';

drop policy if exists read_as_moderator on tracker.peers;
create policy read_as_moderator on tracker.peers
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.peers is 'Moderators see every session, with the address.';
