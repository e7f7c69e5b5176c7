revoke all on moderation.point_thresholds from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on moderation.point_thresholds to stoa_member, stoa_worker;

drop policy if exists read_all on moderation.point_thresholds;
create policy read_all on moderation.point_thresholds
for select to stoa_member
using (true);
comment on policy read_all on moderation.point_thresholds is
  'Members know what they risk.';
