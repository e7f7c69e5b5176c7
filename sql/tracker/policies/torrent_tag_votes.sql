revoke all on tracker.torrent_tag_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.torrent_tag_votes to stoa_member;

drop policy if exists own on tracker.torrent_tag_votes;
create policy own on tracker.torrent_tag_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on tracker.torrent_tag_votes is 'Members read their own votes.';

drop policy if exists staff on tracker.torrent_tag_votes;
create policy staff on tracker.torrent_tag_votes
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.torrent_tag_votes is 'Staff reads every vote, to look into manipulation.';
