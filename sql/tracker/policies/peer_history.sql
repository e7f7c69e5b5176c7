revoke all on tracker.peer_history from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.peer_history to stoa_member;

drop policy if exists read_own on tracker.peer_history;
create policy read_own on tracker.peer_history
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.peer_history is 'Members see their own history.';

drop policy if exists read_as_moderator on tracker.peer_history;
create policy read_as_moderator on tracker.peer_history
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.peer_history is 'Moderators see everybody''s.';
