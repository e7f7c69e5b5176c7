revoke all on tracker.user_statistics from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.user_statistics to stoa_member;

drop policy if exists read_open on tracker.user_statistics;
create policy read_open on tracker.user_statistics
for select
to stoa_member
using (user_id = (select core.current_user_id()) or user_id not in (select tracker.private_user_ids()));

comment on policy read_open on tracker.user_statistics is 'Members see their own, and those of people who do not keep their statistics to themselves.';

drop policy if exists read_as_moderator on tracker.user_statistics;
create policy read_as_moderator on tracker.user_statistics
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.user_statistics is 'Moderators see everybody''s.';
