revoke all on governance.comment_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.comment_votes to stoa_member;

drop policy if exists own on governance.comment_votes;
create policy own on governance.comment_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on governance.comment_votes is 'Members read their own reactions.';

drop policy if exists all_for_admins on governance.comment_votes;
create policy all_for_admins on governance.comment_votes
for select
to stoa_admin
using (true);

comment on policy all_for_admins on governance.comment_votes is 'Administrators read every reaction, to look into manipulation.';
