revoke all on forums.comment_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.comment_votes to stoa_member;

drop policy if exists own on forums.comment_votes;
create policy own on forums.comment_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.comment_votes is 'Members read their own votes on comments.';

drop policy if exists all_for_admins on forums.comment_votes;
create policy all_for_admins on forums.comment_votes
for select
to stoa_admin
using (true);

comment on policy all_for_admins on forums.comment_votes is 'Administrators read every vote, to look into manipulation.';
