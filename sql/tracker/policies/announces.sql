revoke all on tracker.announces from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  announced_at, user_id, torrent_id, event, peer_id, port, uploaded, downloaded, left_bytes, uploaded_delta,
  downloaded_delta, user_agent
) on tracker.announces to stoa_member;
grant select (ip_address) on tracker.announces to stoa_moderator;

drop policy if exists read_own on tracker.announces;
create policy read_own on tracker.announces
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.announces is 'Members see their own announces, without the address.';

drop policy if exists read_as_moderator on tracker.announces;
create policy read_as_moderator on tracker.announces
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.announces is 'Moderators see every announce, with the address.';
