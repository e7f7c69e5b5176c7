revoke all on insight.community_health from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on insight.community_health to stoa_member;

drop policy if exists permitted on insight.community_health;
create policy permitted on insight.community_health
for select
to stoa_member
using (group_id = any (array(select insight.my_insight_group_ids())));

comment on policy permitted on insight.community_health is 'Whoever holds VIEW_INSIGHTS in a group reads its figures.';

drop policy if exists staff on insight.community_health;
create policy staff on insight.community_health
for select
to stoa_moderator
using (true);

comment on policy staff on insight.community_health is 'Staff of the platform reads all.';
