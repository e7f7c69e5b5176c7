revoke all on tracker.top_lists from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.top_lists to stoa_member;

drop policy if exists read_open on tracker.top_lists;
create policy read_open on tracker.top_lists
for select
to stoa_member
using (user_id = (select core.current_user_id()) or user_id not in (select tracker.private_user_ids()));

comment on policy read_open on tracker.top_lists is 'Members see the lists, but nobody in them who has since chosen to keep their statistics to themselves.';

drop policy if exists read_as_moderator on tracker.top_lists;
create policy read_as_moderator on tracker.top_lists
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.top_lists is 'Moderators see every place.';
