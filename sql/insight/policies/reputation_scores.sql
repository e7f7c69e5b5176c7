revoke all on insight.reputation_scores from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on insight.reputation_scores to stoa_member;

drop policy if exists members on insight.reputation_scores;
create policy members on insight.reputation_scores
for select
to stoa_member
using (
  -- As a case it is a filter and nothing else: the arms of a bare "or" become bitmaps, and a board is sorted out of all rows.
  case
    when user_id = (select core.current_user_id())
      or (
        user_id not in (select core.secretive_user_ids())
        and (group_id is null or group_id = any (array(select groups.my_group_ids())))
      )
    then true
    else false
  end
);

comment on policy members on insight.reputation_scores is 'One''s own, and those of the platform and of one''s groups, except of people who show nothing of what they earned (paranoia level 3 and more).';

drop policy if exists staff on insight.reputation_scores;
create policy staff on insight.reputation_scores
for select
to stoa_moderator
using (true);

comment on policy staff on insight.reputation_scores is 'Staff of the platform reads all.';
